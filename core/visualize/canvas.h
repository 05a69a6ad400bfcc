// Drawing into a picture, and the colours of everything that is drawn. Private to this room.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/image/image.h"
#include "core/visualize/sheet_layout.h"
#include "core/visualize/typeface.h"

namespace seedbed::visualize {

inline constexpr Colour kPaper = {246, 246, 244};
inline constexpr Colour kLine = {203, 203, 198};
inline constexpr Colour kInk = {32, 32, 30};
inline constexpr Colour kPaleInk = {92, 92, 88};

Colour InkOf(TextStyle style);

// A picture of that size, all paper.
image::Image BlankPaper(int width, int height);

inline uint8_t* PixelAt(image::Image* image, int x, int y) {
  return image->rgb.data() + size_t{3} * (static_cast<size_t>(y) * static_cast<size_t>(image->width) + static_cast<size_t>(x));
}

// The box lies within the image.
void FillBox(const Box& box, Colour colour, image::Image* image);

// Puts the picture, of the box's size, there, in a frame that stands around it and hides nothing of it.
void DrawFramed(const image::Image& picture, const Box& box, Colour frame, int frame_width, image::Image* image);

void DrawText(const SheetFonts& fonts, const PlacedText& text, image::Image* image);

}  // namespace seedbed::visualize
