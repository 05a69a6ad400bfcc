# One library target per room (folder). Rooms name what they may know in DEPS (public) and PRIVATE_DEPS; nothing else is visible to them.

function(_seedbed_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wshadow -Wnon-virtual-dtor $<$<BOOL:${SB_WERROR}>:-Werror>)
endfunction()

# seedbed_room(core_base SOURCES a.cc b.cc DEPS absl::status PRIVATE_DEPS OpenSSL::Crypto [TORCH_SOURCES c.cc])
# TORCH_SOURCES are compiled in an object library of their own with LibTorch's headers and a precompiled header, so that
# the headers LibTorch ships (its own protobuf and fmt) never reach another file.
function(seedbed_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;TORCH_SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  if(ROOM_SOURCES OR ROOM_TORCH_SOURCES)
    add_library(seedbed_${name} STATIC ${ROOM_SOURCES})
    target_include_directories(seedbed_${name} PUBLIC ${PROJECT_SOURCE_DIR})
    target_link_libraries(seedbed_${name} PUBLIC ${ROOM_DEPS} PRIVATE ${ROOM_PRIVATE_DEPS})
    _seedbed_warnings(seedbed_${name})
  else()
    add_library(seedbed_${name} INTERFACE)
    target_include_directories(seedbed_${name} INTERFACE ${PROJECT_SOURCE_DIR})
    target_link_libraries(seedbed_${name} INTERFACE ${ROOM_DEPS})
  endif()
  add_library(seedbed::${name} ALIAS seedbed_${name})
  if(ROOM_TORCH_SOURCES AND SB_TORCH_ROOMS)
    add_library(seedbed_${name}_torch OBJECT ${ROOM_TORCH_SOURCES})
    target_include_directories(seedbed_${name}_torch PRIVATE ${PROJECT_SOURCE_DIR})
    target_link_libraries(seedbed_${name}_torch PRIVATE seedbed_torch ${ROOM_DEPS} ${ROOM_PRIVATE_DEPS})
    target_precompile_headers(seedbed_${name}_torch PRIVATE ${PROJECT_SOURCE_DIR}/core/nn/torch_pch.h)
    _seedbed_warnings(seedbed_${name}_torch)
    target_sources(seedbed_${name} PRIVATE $<TARGET_OBJECTS:seedbed_${name}_torch>)
    target_link_libraries(seedbed_${name} PRIVATE seedbed_torch)
  endif()
endfunction()

# All tests that may run under the thread sanitizer, for builds that need no others.
add_custom_target(no_grpc_tests)

# seedbed_test(core_base LABELS unit no-grpc SOURCES a_test.cc DEPS seedbed::core_base): one test program per room.
function(seedbed_test name)
  cmake_parse_arguments(TEST "" "" "LABELS;SOURCES;DEPS" ${ARGN})
  add_executable(${name}_test ${TEST_SOURCES})
  target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name}_test PRIVATE ${TEST_DEPS} GTest::gmock GTest::gtest_main)
  _seedbed_warnings(${name}_test)
  if("no-grpc" IN_LIST TEST_LABELS)
    add_dependencies(no_grpc_tests ${name}_test)
  endif()
  # A list would lose all but its first entry on its way to ctest; label filters look for a part of the name.
  list(JOIN TEST_LABELS " " labels)
  # PRE_TEST: the programs are asked for their cases when tests run, not while building.
  gtest_discover_tests(${name}_test TEST_PREFIX ${name}. DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 PROPERTIES LABELS "${labels}" TIMEOUT 300)
endfunction()
