#include "core/augment/warp_kernels.h"

#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace seedbed::augment {

void SampleRowPortably(const uint8_t* source, size_t stride, const RowTaps& taps, int32_t bias, uint8_t* target) {
  for (size_t i = 0; i < taps.offset.size(); ++i, target += 3) {
    const uint8_t* const upper = source + taps.offset[i];
    const uint8_t* const lower = upper + stride;
    Blend({upper, upper + 3, lower, lower + 3}, taps.x_weights[i] >> 16, taps.y_weights[i] >> 16, bias, target);
  }
}

#if defined(__SSE2__)

namespace {

// One pixel at a time, its channels side by side: an instruction multiplies by both weights and adds. What every x86-64 has is enough.
__m128i SamplePixel(const uint8_t* upper, const uint8_t* lower, int32_t x_weights, int32_t y_weights, __m128i bias) {
  constexpr int kShift = kWeightBits - kLineBits;
  const __m128i half = _mm_set1_epi32(1 << (kShift - 1));
  const __m128i zero = _mm_setzero_si128();
  const __m128i pairs =
      _mm_unpacklo_epi8(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(upper)), _mm_loadl_epi64(reinterpret_cast<const __m128i*>(lower)));
  const __m128i y = _mm_set1_epi32(y_weights), x = _mm_set1_epi32(x_weights);
  const __m128i first = _mm_madd_epi16(_mm_unpacklo_epi8(pairs, zero), y);                   // left red, green, blue, right red
  const __m128i second = _mm_madd_epi16(_mm_unpackhi_epi8(pairs, zero), y);                  // right green, blue
  const __m128i lines = _mm_packs_epi32(_mm_srai_epi32(_mm_add_epi32(first, half), kShift),  //
                                        _mm_srai_epi32(_mm_add_epi32(second, half), kShift));
  const __m128i sides = _mm_unpacklo_epi16(lines, _mm_srli_si128(lines, 6));
  return _mm_srai_epi32(_mm_add_epi32(_mm_madd_epi16(sides, x), bias), kValueBits);
}

}  // namespace

void SampleRow(const uint8_t* source, size_t stride, const RowTaps& taps, int32_t bias, uint8_t* target) {
  const __m128i biases = _mm_set1_epi32(bias);
  const size_t count = taps.offset.size();
  for (size_t i = 0; i < count; ++i, target += 3) {
    const uint8_t* const upper = source + taps.offset[i];
    const __m128i channels = SamplePixel(upper, upper + stride, taps.x_weights[i], taps.y_weights[i], biases);
    const __m128i words = _mm_packs_epi32(channels, channels);
    const int32_t bytes = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
    // Four bytes at once but for the last pixel: the next overwrites the fourth.
    std::memcpy(target, &bytes, i + 1 < count ? 4 : 3);
  }
}

#else

void SampleRow(const uint8_t* source, size_t stride, const RowTaps& taps, int32_t bias, uint8_t* target) {
  SampleRowPortably(source, stride, taps, bias, target);
}

#endif

}  // namespace seedbed::augment
