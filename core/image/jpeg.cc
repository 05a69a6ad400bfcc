// JPEG through libjpeg-turbo with its defaults, which are Pillow's: accurate integer DCT, smooth ("fancy") chroma upsampling.
#include <csetjmp>
#include <cstdio>

#include <jpeglib.h>  // needs cstdio

#include <jerror.h>  // needs jpeglib.h, whose settings decide which messages exist

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/image/decoders.h"

namespace seedbed::image {
namespace {

// A file may hold any number of refinement passes over the whole picture, each costing time: real ones have about ten.
constexpr int kMaxScans = 200;

// libjpeg reports errors by a call that must not return: ours jumps back to the setjmp in ReadHeader or ReadPixels. Those two functions
// and everything they call hold only trivially destructible objects, so no destructor is jumped over; what the library owns hangs on
// `decoder` and is freed by ~JpegReader.
class JpegReader {
 public:
  explicit JpegReader(FileBytes file);
  ~JpegReader() { jpeg_destroy_decompress(&decoder_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  // False when the file is damaged; error() then says why.
  bool ReadHeader();
  // `rgb` has room for the whole picture. After ReadHeader().
  bool ReadPixels(uint8_t* rgb);

  const char* error() const { return message_; }
  int64_t width() const { return decoder_.image_width; }
  int64_t height() const { return decoder_.image_height; }
  int components() const { return decoder_.num_components; }

 private:
  static JpegReader* Self(j_common_ptr info) { return static_cast<JpegReader*>(info->client_data); }
  static JpegReader* Self(j_decompress_ptr info) { return static_cast<JpegReader*>(info->client_data); }
  [[noreturn]] static void Fail(j_common_ptr info);
  [[noreturn]] static void FailAtEnd(j_decompress_ptr info);
  static void OnMessage(j_common_ptr info, int level);
  static boolean OnInputUsedUp(j_decompress_ptr info) { FailAtEnd(info); }
  static void OnSkip(j_decompress_ptr info, long count);
  static void OnProgress(j_common_ptr info);
  void ReadRgbRows(uint8_t* rgb);
  void ReadCmykRows(uint8_t* rgb);

  const FileBytes file_;
  jpeg_decompress_struct decoder_{};
  jpeg_error_mgr errors_{};
  jpeg_source_mgr source_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf failed_{};
  char message_[JMSG_LENGTH_MAX] = "";
};

JpegReader::JpegReader(FileBytes file) : file_(file) {
  decoder_.err = jpeg_std_error(&errors_);
  decoder_.client_data = this;
  errors_.error_exit = &JpegReader::Fail;
  errors_.emit_message = &JpegReader::OnMessage;
  progress_.progress_monitor = &JpegReader::OnProgress;
  source_.init_source = [](j_decompress_ptr) {};
  source_.term_source = [](j_decompress_ptr) {};
  source_.fill_input_buffer = &JpegReader::OnInputUsedUp;
  source_.skip_input_data = &JpegReader::OnSkip;
  source_.resync_to_restart = jpeg_resync_to_restart;
  source_.next_input_byte = reinterpret_cast<const JOCTET*>(file_.data());
  source_.bytes_in_buffer = file_.size();
}

void JpegReader::Fail(j_common_ptr info) {
  JpegReader* const self = Self(info);
  info->err->format_message(info, self->message_);
  std::longjmp(self->failed_, 1);
}

void JpegReader::FailAtEnd(j_decompress_ptr info) {
  JpegReader* const self = Self(info);
  std::snprintf(self->message_, sizeof(self->message_), "it is truncated: %zu bytes are not the whole picture", self->file_.size());
  std::longjmp(self->failed_, 1);
}

// libjpeg only warns where it invents pixels for damaged data. Harmless oddities (junk between markers, an unknown version) stay warnings.
void JpegReader::OnMessage(j_common_ptr info, int level) {
  if (level != -1) return;
  switch (info->err->msg_code) {
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
      Fail(info);
    default:
      return;
  }
}

void JpegReader::OnSkip(j_decompress_ptr info, long count) {
  if (count <= 0) return;
  if (static_cast<size_t>(count) > info->src->bytes_in_buffer) FailAtEnd(info);
  info->src->next_input_byte += count;
  info->src->bytes_in_buffer -= static_cast<size_t>(count);
}

void JpegReader::OnProgress(j_common_ptr info) {
  JpegReader* const self = Self(info);
  if (self->decoder_.input_scan_number <= kMaxScans) return;
  std::snprintf(self->message_, sizeof(self->message_), "it has more than %d scans", kMaxScans);
  std::longjmp(self->failed_, 1);
}

bool JpegReader::ReadHeader() {
  if (setjmp(failed_) != 0) return false;
  jpeg_create_decompress(&decoder_);  // clears all fields but err and client_data
  decoder_.src = &source_;
  decoder_.progress = &progress_;
  jpeg_read_header(&decoder_, TRUE);
  return true;
}

bool JpegReader::ReadPixels(uint8_t* rgb) {
  if (setjmp(failed_) != 0) return false;
  const bool cmyk = decoder_.num_components == 4;
  decoder_.out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(&decoder_);
  if (cmyk) {
    ReadCmykRows(rgb);
  } else {
    ReadRgbRows(rgb);
  }
  return true;
}

void JpegReader::ReadRgbRows(uint8_t* rgb) {
  const size_t stride = size_t{3} * decoder_.output_width;
  while (decoder_.output_scanline < decoder_.output_height) {
    JSAMPROW row = rgb + stride * decoder_.output_scanline;
    jpeg_read_scanlines(&decoder_, &row, 1);
  }
}

// Pillow takes every four-component JPEG as Adobe writes it, inverted, and converts without a colour profile: the inverted sample is
// the ink's complement, so that channel * key / 255 (rounded as Pillow's MULDIV255) is the light left.
void JpegReader::ReadCmykRows(uint8_t* rgb) {
  const JDIMENSION width = decoder_.output_width;
  JSAMPARRAY row = (*decoder_.mem->alloc_sarray)(reinterpret_cast<j_common_ptr>(&decoder_), JPOOL_IMAGE, 4 * width, 1);
  while (decoder_.output_scanline < decoder_.output_height) {
    jpeg_read_scanlines(&decoder_, row, 1);
    for (JDIMENSION x = 0; x < width; ++x) {
      const int light = row[0][4 * x + 3];
      for (int c = 0; c < 3; ++c) {
        const int ink = 255 - row[0][4 * x + static_cast<JDIMENSION>(c)];
        const int product = ink * light + 128;
        *rgb++ = static_cast<uint8_t>(light - (((product >> 8) + product) >> 8));
      }
    }
  }
}

absl::StatusOr<ImageHeader> CheckHeader(JpegReader* reader, const ImageLimits& limits) {
  if (!reader->ReadHeader()) return UnusableFile(ImageFormat::kJpeg, reader->error());
  const int components = reader->components();
  if (components != 1 && components != 3 && components != 4) {
    return UnusableFile(ImageFormat::kJpeg, absl::StrCat("it has ", components, " colour components, expected 1, 3 or 4"));
  }
  return CheckedHeader(ImageFormat::kJpeg, reader->width(), reader->height(), limits);
}

}  // namespace

absl::StatusOr<ImageHeader> ReadJpegHeader(FileBytes file, const ImageLimits& limits) {
  JpegReader reader(file);
  return CheckHeader(&reader, limits);
}

absl::Status DecodeJpeg(FileBytes file, const ImageLimits& limits, Image* image) {
  JpegReader reader(file);
  SB_ASSIGN_OR_RETURN(const ImageHeader header, CheckHeader(&reader, limits));
  ReshapeImage(header, image);
  if (!reader.ReadPixels(image->rgb.data())) return UnusableFile(ImageFormat::kJpeg, reader.error());
  return absl::OkStatus();
}

}  // namespace seedbed::image
