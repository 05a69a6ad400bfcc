#include "core/augment/opencv_threads.h"

#include <opencv2/core/utility.hpp>

namespace seedbed::augment {

void KeepOpenCvOnCallingThread() { cv::setNumThreads(1); }

}  // namespace seedbed::augment
