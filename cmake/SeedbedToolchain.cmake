# Compiler set-up shared by every target: standard, output folders, fast linker and compiler cache when present, sanitizers.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(SB_CCACHE ccache)
if(SB_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${SB_CCACHE})
endif()
# LLD rather than mold: Debian's mold 1.10 is faster, but by chance of a program's size leaves one that does not start, or never ends linking.
find_program(SB_LLD ld.lld)
if(SB_LLD)
  add_link_options(-fuse-ld=lld)
endif()

if(SB_SANITIZE)
  add_compile_options(-fsanitize=${SB_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${SB_SANITIZE})
  if(SB_SANITIZE MATCHES "thread")
    # Headers of protobuf lay messages out otherwise when they see this macro; Debian's library did not see it.
    add_compile_options(-U__SANITIZE_THREAD__)
  endif()
  # With instrumented code GCC 12 takes the inside of std::regex for uninitialised.
  add_compile_options(-Wno-maybe-uninitialized)
  if(SB_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=all)
  endif()
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
endif()
