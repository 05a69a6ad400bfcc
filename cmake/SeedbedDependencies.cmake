# Third-party libraries. Protobuf and gRPC are found before Torch: Torch's config looks for a protobuf of its own.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
# Debian puts OpenCV's CMake files into libopencv-dev, which drags in all of its modules and GDAL; we need two modules.
find_path(OPENCV_INCLUDE_DIR opencv2/core.hpp PATH_SUFFIXES opencv4 REQUIRED)
add_library(seedbed_opencv INTERFACE IMPORTED)
target_include_directories(seedbed_opencv SYSTEM INTERFACE ${OPENCV_INCLUDE_DIR})
foreach(module core imgproc)
  find_library(OPENCV_${module} opencv_${module} REQUIRED)
  target_link_libraries(seedbed_opencv INTERFACE ${OPENCV_${module}})
endforeach()
if(SB_OPENVINO_DIR)
  # OpenCV and OpenVINO share one TBB, which must be OpenVINO's. Debian's is older, and finds beside it a library (tbbbind) that it loads in a
  # way (RTLD_DEEPBIND) which gives that an allocator of its own: memory from tcmalloc then ends in glibc's free.
  # One argument, since CMake drops repeated ones and so would part the flags from the library.
  target_link_libraries(seedbed_opencv INTERFACE
    -Wl,--push-state,--no-as-needed,${SB_OPENVINO_DIR}/libs/libtbb.so.12,--pop-state,-rpath,${SB_OPENVINO_DIR}/libs)
endif()
# Headers only. Its own threads stay off: the number of them must not decide how sums are grouped.
find_path(EIGEN_INCLUDE_DIR Eigen/Dense PATH_SUFFIXES eigen3 REQUIRED)
add_library(seedbed_eigen INTERFACE IMPORTED)
target_include_directories(seedbed_eigen SYSTEM INTERFACE ${EIGEN_INCLUDE_DIR})
target_compile_definitions(seedbed_eigen INTERFACE EIGEN_DONT_PARALLELIZE)
find_package(JPEG REQUIRED)
pkg_check_modules(blosc REQUIRED IMPORTED_TARGET blosc)
pkg_check_modules(deflate REQUIRED IMPORTED_TARGET libdeflate)
pkg_check_modules(freetype REQUIRED IMPORTED_TARGET freetype2)
pkg_check_modules(isal REQUIRED IMPORTED_TARGET libisal)
pkg_check_modules(spng REQUIRED IMPORTED_TARGET spng)
pkg_check_modules(webp REQUIRED IMPORTED_TARGET libwebp)

if(NOT SB_CORE_ONLY)
  find_package(Protobuf MODULE REQUIRED)
  find_package(gRPC CONFIG REQUIRED)
  find_package(prometheus-cpp CONFIG REQUIRED)
  find_package(SQLiteCpp CONFIG REQUIRED)
  find_package(yaml-cpp CONFIG REQUIRED)
  find_package(spdlog CONFIG REQUIRED)
  find_package(CLI11 CONFIG REQUIRED)
  find_package(CURL 7.85 REQUIRED)
endif()

if(SB_TESTS)
  find_package(GTest CONFIG REQUIRED)
  find_package(benchmark CONFIG REQUIRED)
  include(GoogleTest)
endif()

if(SB_TORCH_ROOMS)
  if(NOT SB_TORCH_DIR)
    message(FATAL_ERROR "SB_TORCH_DIR is not set: run ./run build, which finds or unpacks LibTorch, or pass -DSB_TORCH_DIR=/path/to/torch")
  endif()
  # Imported by hand rather than through TorchConfig.cmake: that one drags in protobuf, MKL and Python discovery,
  # sets global compile flags, and all we need is three libraries and two include folders.
  add_library(seedbed_torch INTERFACE IMPORTED)
  target_include_directories(seedbed_torch SYSTEM INTERFACE
    ${SB_TORCH_DIR}/include ${SB_TORCH_DIR}/include/torch/csrc/api/include)
  target_link_libraries(seedbed_torch INTERFACE
    ${SB_TORCH_DIR}/lib/libtorch_cpu.so ${SB_TORCH_DIR}/lib/libc10.so)
  if(EXISTS ${SB_TORCH_DIR}/lib/libtorch_cuda.so)
    target_link_libraries(seedbed_torch INTERFACE -Wl,--no-as-needed
      ${SB_TORCH_DIR}/lib/libtorch.so ${SB_TORCH_DIR}/lib/libtorch_cuda.so ${SB_TORCH_DIR}/lib/libc10_cuda.so -Wl,--as-needed)
  endif()
endif()
