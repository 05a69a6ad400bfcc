#include "client/cli/train_settings.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "client/cli/text_format.h"
#include "client/cli/yaml_json.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

using enum SettingType;

absl::Status Expected(std::string_view what, const std::string& text) {
  return absl::InvalidArgumentError(absl::StrCat("expected ", ToAbsl(what), ", got '", text, "'"));
}

absl::StatusOr<Json> ParseSize(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, 'x');
  std::vector<int> sizes;
  for (const std::string& part : parts) {
    int size = 0;
    if (absl::SimpleAtoi(part, &size) && size > 0) sizes.push_back(size);
  }
  if (sizes.size() != parts.size() || sizes.size() > 2) return Expected("a size in pixels such as 150 or 200x150 (width x height)", text);
  return Json{{"width", sizes.front()}, {"height", sizes.back()}};
}

absl::StatusOr<Json> ParseDataset(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits(':', 1));
  int version = 0;
  if (parts.size() == 2 && (!absl::SimpleAtoi(parts[1], &version) || version < 1)) return Expected("NAME or NAME:VERSION", text);
  return Json{{"dataset", parts[0]}, {"dataset_version", version}};
}

absl::StatusOr<Json> ParseChoice(const TrainSetting& setting, const std::string& text) {
  if (std::find(setting.choices.begin(), setting.choices.end(), text) == setting.choices.end()) {
    return Expected(absl::StrCat("one of ", absl::StrJoin(setting.choices, ", ")), text);
  }
  // Without a prefix the field is a text, not an enum.
  return Json(setting.enum_prefix.empty() ? text : setting.enum_prefix + absl::AsciiStrToUpper(text));
}

absl::StatusOr<Json> ParseWords(const std::string& text) {
  Json words = Json::array();
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    const absl::string_view word = absl::StripAsciiWhitespace(part);
    if (word.empty()) return Expected("words with commas between them", text);
    words.push_back(std::string(word));
  }
  return words;
}

absl::StatusOr<Json> ParseNumbers(const std::string& text) {
  Json numbers = Json::array();
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    double number = 0;
    if (!absl::SimpleAtod(part, &number) || !std::isfinite(number)) return Expected("numbers with commas between them", text);
    numbers.push_back(number);
  }
  return numbers;
}

absl::StatusOr<Json> ParseList(const std::string& text) {
  SB_ASSIGN_OR_RETURN(Json list, ParseYaml(text));
  if (!list.is_array()) return Expected("a list such as [flatten, dense: classes]", text);
  return list;
}

absl::StatusOr<Json> ParseSteps(const std::string& text) {
  SB_ASSIGN_OR_RETURN(const Json steps, ParseYaml(text));
  if (steps.is_array()) return steps;
  if (steps.is_string() || steps.is_object()) return Json::array({steps});
  return Expected("a step or a list of steps such as [fliplr: 0.5, multiply: [0.8, 1.2]]", text);
}

// The field at `path` of the specification's JSON; null when there is none.
Json At(const Json& spec, const std::string& path) {
  const Json* node = &spec;
  for (const auto part : absl::StrSplit(path, '.')) {
    const std::string name(part);
    if (!node->is_object() || !node->contains(name)) return nullptr;
    node = &(*node)[name];
  }
  return *node;
}

std::string ScalarText(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_number_float()) return absl::StrFormat("%.10g", value.get<double>());
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string ElementsText(const Json& list) {
  std::vector<std::string> texts;
  for (const Json& element : list) texts.push_back(ScalarText(element));
  return absl::StrJoin(texts, ",");
}

std::string LabelsText(const Json& labels) {
  std::vector<std::string> texts;
  for (const auto& [key, value] : labels.items()) texts.push_back(absl::StrCat(key, "=", ScalarText(value)));
  return absl::StrJoin(texts, ", ");
}

}  // namespace

const std::vector<TrainSetting>& TrainSettings() {
  static const auto* const settings = new std::vector<TrainSetting>{
      {"dataset", kDataset, "train", "", "Dataset: NAME, or NAME:VERSION"},
      {"split", kText, "train.split", "", "Split of the dataset; without one all images train and none validate"},
      {"arch", kText, "train.arch", "", "Network: logistic (the default without weights), vgg16, efficientnet_lite0, resnet18 or resnet50"},
      {"weights", kText, "train.weights", "", "Model whose weights the network starts from, below a new head: NAME, or NAME:VERSION"},
      {"head", kList, "train.head", "",
       "Layers that follow the weights, as a list: '[flatten, dense: 256, relu, dropout: 0.5, dense: classes]'"},
      {"trainable", kWords, "train.trainable", "",
       "What is trained: head (the default with weights), all, or names of layers, with * as a wildcard"},
      {"feature_cache", kSwitch, "train.feature_cache", "true",
       "Compute what is not trained for each batch again, instead of once for each image"},
      {"features", kText, "train.features", "", "Train on this set of features instead of images"},
      {"val_features", kText, "train.val_features", "", "Validate on this set of features"},
      {"model", kText, "train.model", "", "Name of the model; each job makes a new version. Default: DATASET-ARCH"},
      {"epochs", kInteger, "train.epochs", "10", "Passes over the training images"},
      {"batch_size", kInteger, "train.batch_size", "32", "Images per step"},
      {"optimizer", kChoice, "train.optimizer.name", "sgd", "sgd or adam", "", {"sgd", "adam"}},
      {"lr", kNumber, "train.optimizer.lr", "", "Learning rate; default 0.01 for sgd, 0.001 for adam"},
      {"momentum", kNumber, "train.optimizer.momentum", "", "sgd: momentum, 0 to 1"},
      {"nesterov", kSwitch, "train.optimizer.nesterov", "", "sgd: Nesterov's form of momentum"},
      {"beta1", kNumber, "train.optimizer.beta1", "", "adam: decay of the mean; default 0.9"},
      {"beta2", kNumber, "train.optimizer.beta2", "", "adam: decay of the variance; default 0.999"},
      {"epsilon", kNumber, "train.optimizer.epsilon", "", "adam: added to the divisor; default 1e-7"},
      {"preset",
       kChoice,
       "train.preprocessing.preset",
       "",
       "Values that the network's weights expect; default: those of the weights",
       "",
       {"unit", "keras_caffe", "imagenet", "minus_one_one", "efficientnet_lite"}},
      {"size", kSize, "train.preprocessing", "",
       "Pixels the images are resized to: N, or WIDTHxHEIGHT; default: the network's, 150 for logistic"},
      {"interpolation",
       kChoice,
       "train.preprocessing.interpolation",
       "bilinear",
       "How images are resized",
       "INTERPOLATION_",
       {"nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"}},
      {"rescale", kNumber, "train.preprocessing.rescale", "", "Factor on the 8-bit values; default 1/255"},
      {"mean", kNumbers, "train.preprocessing.mean", "",
       "Subtracted from each channel after that, in the network's order: 0.485,0.456,0.406"},
      {"std", kNumbers, "train.preprocessing.std", "", "Divides each channel after that: 0.229,0.224,0.225"},
      {"channels", kChoice, "train.preprocessing.channels", "", "Order of the channels", "CHANNEL_ORDER_", {"rgb", "bgr"}},
      {"center",
       kChoice,
       "train.preprocessing.center",
       "",
       "What is subtracted at last: the training images' mean (the default for logistic), or nothing",
       "CENTER_",
       {"mean_image", "none"}},
      {"pipeline", kSteps, "train.preprocessing.pipeline", "",
       "What is done to each picture at its size, also wherever the model is used: remove_background, or a list of steps"},
      {"augment", kSteps, "train.augment", "",
       "What is done to training pictures, anew in each epoch: light, or a list: '[fliplr: 0.5, multiply: [0.8, 1.2]]'"},
      {"augment_views", kInteger, "train.augment_views", "",
       "Run what is not trained on so many augmented views of each image, for the epochs to take in turn"},
      {"seed", kUnsigned, "train.seed", "0", "Decides initial weights, order and augmentation"},
      {"shuffle", kSwitch, "train.shuffle", "true", "Same order in each epoch"},
      {"keep", kChoice, "train.keep", "last", "Whose weights the model has: the last epoch's or the best", "KEEP_", {"last", "best"}},
      {"init", kText, "train.initial_model", "", "Start from the weights of this model: NAME, or NAME:VERSION"},
      {"checkpoint_interval", kDuration, "train.checkpoint_interval", "30s", "Time between checkpoints within an epoch"},
      {"threads", kInteger, "train.threads", "0", "Compute threads; 0: all the worker has"},
      {"priority", kInteger, "priority", "0", "Higher runs first, -100 to 100"},
      {"labels", kLabels, "labels", "", "A label for people, KEY=VALUE; may be repeated"},
      {"job_timeout", kDuration, "timeout", "", "Running time after which the job fails"},
  };
  return *settings;
}

const TrainSetting* FindTrainSetting(std::string_view key) {
  for (const TrainSetting& setting : TrainSettings()) {
    if (setting.key == key) return &setting;
  }
  return nullptr;
}

std::string FlagOf(const TrainSetting& setting) {
  if (setting.type == kLabels) return "--label";
  const char* negation = setting.type == kSwitch && setting.default_text == "true" ? "no-" : "";
  return absl::StrCat("--", negation, absl::StrReplaceAll(setting.key, {{"_", "-"}}));
}

std::string TypeName(const TrainSetting& setting) {
  switch (setting.type) {
    case kInteger:
    case kUnsigned:
      return "N";
    case kNumber:
      return "X";
    case kDuration:
      return "DURATION";
    case kSize:
      return "N|WxH";
    case kChoice:
      return absl::StrJoin(setting.choices, "|");
    case kWords:
      return "NAME,...";
    case kNumbers:
      return "X,...";
    case kList:
      return "LIST";
    case kSteps:
      return "STEPS";
    default:
      return "NAME";
  }
}

absl::StatusOr<Json> ParseSettingValue(const TrainSetting& setting, const std::string& text) {
  switch (setting.type) {
    case kText:
      return Json(text);
    case kInteger: {
      int32_t value = 0;
      if (!absl::SimpleAtoi(text, &value)) return Expected("a whole number", text);
      return Json(value);
    }
    case kUnsigned: {
      uint64_t value = 0;
      if (!absl::SimpleAtoi(text, &value)) return Expected("a whole number from 0 to 18446744073709551615", text);
      return Json(absl::StrCat(value));  // protobuf's JSON has 64-bit integers as texts
    }
    case kNumber: {
      double value = 0;
      if (!absl::SimpleAtod(text, &value) || !std::isfinite(value)) return Expected("a number", text);
      return Json(value);
    }
    case kSwitch:
      if (text != "true" && text != "false") return Expected("true or false", text);
      return Json(text == "true");
    case kDuration: {
      SB_ASSIGN_OR_RETURN(const absl::Duration duration, ParseDuration(text));
      return Json(absl::StrCat(absl::ToDoubleSeconds(duration), "s"));
    }
    case kSize:
      return ParseSize(text);
    case kDataset:
      return ParseDataset(text);
    case kChoice:
      return ParseChoice(setting, text);
    case kWords:
      return ParseWords(text);
    case kNumbers:
      return ParseNumbers(text);
    case kList:
      return ParseList(text);
    case kSteps:
      return ParseSteps(text);
    case kLabels: {
      const size_t equals = text.find('=');
      if (equals == 0 || equals == std::string::npos) return Expected("KEY=VALUE", text);
      return Json::object({{text.substr(0, equals), text.substr(equals + 1)}});
    }
  }
  return absl::InternalError("unknown type of setting");
}

absl::StatusOr<v1::JobSpec> BuildTrainJob(const GivenSettings& given) {
  Json json = {{"train", Json::object()}};
  for (const TrainSetting& setting : TrainSettings()) {
    const auto found = given.find(setting.key);
    if (found == given.end()) continue;
    Json& target = json[Json::json_pointer("/" + absl::StrReplaceAll(setting.path, {{".", "/"}}))];
    if (found->second.value.is_object() && target.is_object()) {
      target.update(found->second.value);
    } else {
      target = found->second.value;
    }
  }
  v1::JobSpec spec;
  const auto status = google::protobuf::util::JsonStringToMessage(ToLine(json), &spec);
  if (!status.ok()) return absl::InvalidArgumentError(status.ToString());
  return spec;
}

std::string EffectiveText(const TrainSetting& setting, const v1::JobSpec& spec) {
  const Json value = At(ToJson(spec), setting.path);
  switch (setting.type) {
    case kSize:
      if (!value.is_object()) return "";
      return absl::StrCat(ScalarText(value["width"]), "x", ScalarText(value["height"]));
    case kDataset:
      if (!value.is_object()) return "";
      return value["dataset_version"] == 0 ? ScalarText(value["dataset"])
                                           : absl::StrCat(ScalarText(value["dataset"]), ":", ScalarText(value["dataset_version"]));
    case kChoice:
      return value == "UNSPECIFIED" ? "" : absl::AsciiStrToLower(ScalarText(value));
    case kDuration:
      return value.is_null() ? "" : FormatElapsed(absl::Seconds(value.get<double>()));
    case kWords:
    case kNumbers:
      return ElementsText(value);
    case kList:
    case kSteps:
      return value.is_null() ? "" : ToFlowYaml(value);
    case kLabels:
      return LabelsText(value);
    default:
      return ScalarText(value);
  }
}

}  // namespace seedbed::cli
