// How the process uses OpenCV.
#pragma once

namespace seedbed::augment {

// Keeps OpenCV's functions on the thread that calls them: Seedbed computes pictures in parallel, not their parts. For the whole process, to
// be called before it starts threads.
void KeepOpenCvOnCallingThread();

}  // namespace seedbed::augment
