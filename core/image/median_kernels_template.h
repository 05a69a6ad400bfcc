// The kernels over any vector of bytes. Included by one translation unit per instruction set, each with its own `Bytes`, inside an unnamed
// namespace of its own: nothing here may become an inline function that the linker shares between them.
//
// Two neighbouring lines have all but one line of their windows in common. Of these size - 1 lines, columns are sorted; a group of columns
// is merged from two of half its width. The window's core is merged from the groups of 8, 4, 2 and 1 columns that make up its width, as
// far as elements of these ranks can be the median; each line then adds its own line of the window.
//
// Sorting networks are computed by the compiler: Batcher's odd-even merges (D. Knuth, The Art of Computer Programming, 5.3.4), without
// what the results asked for do not need.

inline constexpr size_t kChannels = 3;
inline constexpr size_t kMaxWires = 14 * 15;

// The smaller of two wires goes to `low`, the larger to `high`, if anyone asks for it.
struct Exchange {
  uint8_t low = 0;
  uint8_t high = 0;
  bool needs_low = false;
  bool needs_high = false;
};

struct Wires {
  uint8_t wire[kMaxWires] = {};
  size_t count = 0;

  constexpr void Add(uint8_t added) { wire[count++] = added; }
};

struct Network {
  Exchange exchanges[2048] = {};
  size_t count = 0;

  constexpr void Add(uint8_t low, uint8_t high) { exchanges[count++] = {.low = low, .high = high}; }

  // Drops what decides nothing about the wires that are `wanted`.
  constexpr void Prune(const Wires& wanted) {
    bool live[kMaxWires] = {};
    for (size_t i = 0; i < wanted.count; ++i) live[wanted.wire[i]] = true;
    for (size_t i = count; i-- > 0;) {
      Exchange& exchange = exchanges[i];
      exchange.needs_low = live[exchange.low];
      exchange.needs_high = live[exchange.high];
      live[exchange.low] = live[exchange.high] = exchange.needs_low || exchange.needs_high;
    }
    size_t kept = 0;
    for (size_t i = 0; i < count; ++i) {
      if (exchanges[i].needs_low || exchanges[i].needs_high) exchanges[kept++] = exchanges[i];
    }
    count = kept;
  }
};

constexpr Wires Range(size_t first, size_t count) {
  Wires wires;
  for (size_t i = 0; i < count; ++i) wires.Add(static_cast<uint8_t>(first + i));
  return wires;
}

// Every second one from `first` on.
constexpr Wires Alternate(const Wires& wires, size_t first) {
  Wires every_second;
  for (size_t i = first; i < wires.count; i += 2) every_second.Add(wires.wire[i]);
  return every_second;
}

// Of two lists of wires in ascending order; returns all of them in ascending order.
constexpr Wires Merge(Network* network, const Wires& a, const Wires& b) {
  if (a.count == 0) return b;
  if (b.count == 0) return a;
  Wires merged;
  if (a.count == 1 && b.count == 1) {
    network->Add(a.wire[0], b.wire[0]);
    merged.Add(a.wire[0]);
    merged.Add(b.wire[0]);
    return merged;
  }
  const Wires even = Merge(network, Alternate(a, 0), Alternate(b, 0));
  const Wires odd = Merge(network, Alternate(a, 1), Alternate(b, 1));
  merged.Add(even.wire[0]);
  for (size_t i = 0; i < odd.count || i + 1 < even.count; ++i) {
    if (i < odd.count && i + 1 < even.count) network->Add(odd.wire[i], even.wire[i + 1]);
    if (i < odd.count) merged.Add(odd.wire[i]);
    if (i + 1 < even.count) merged.Add(even.wire[i + 1]);
  }
  return merged;
}

constexpr Wires Sort(Network* network, size_t first, size_t count) {
  if (count == 1) return Range(first, 1);
  return Merge(network, Sort(network, first, count / 2), Sort(network, first + count / 2, count - count / 2));
}

// A network and where its results lie.
struct Program {
  Network network;
  Wires results;
};

constexpr Program SortProgram(size_t count) {
  Program program;
  program.results = Sort(&program.network, 0, count);
  program.network.Prune(program.results);
  return program;
}

constexpr Program MergeProgram(size_t count) {
  Program program;
  program.results = Merge(&program.network, Range(0, count), Range(count, count));
  program.network.Prune(program.results);
  return program;
}

// Of the core of a window, size * (size - 1) elements, those that can be the median of size * size: size + 1 in the middle. The wires are
// those of the widest group of columns first.
constexpr Program CoreProgram(size_t size) {
  Program program;
  Wires sorted;
  size_t columns = 0;
  for (size_t group = 8; group > 0; group /= 2) {
    for (; columns + group <= size; columns += group) {
      sorted = Merge(&program.network, sorted, Range(columns * (size - 1), group * (size - 1)));
    }
  }
  const size_t median = size * size / 2;
  for (size_t rank = sorted.count - 1 - median; rank <= median; ++rank) program.results.Add(sorted.wire[rank]);
  program.network.Prune(program.results);
  return program;
}

template <size_t kCount>
inline constexpr Program kSort = SortProgram(kCount);
template <size_t kCount>
inline constexpr Program kMerge = MergeProgram(kCount);
template <size_t kSize>
inline constexpr Program kCore = CoreProgram(kSize);

[[gnu::always_inline]] inline Bytes Load(const uint8_t* from) {
  Bytes bytes;
  __builtin_memcpy(&bytes, from, sizeof(bytes));
  return bytes;
}
[[gnu::always_inline]] inline void Store(Bytes bytes, uint8_t* to) { __builtin_memcpy(to, &bytes, sizeof(bytes)); }
[[gnu::always_inline]] inline Bytes Min(Bytes a, Bytes b) { return a < b ? a : b; }
[[gnu::always_inline]] inline Bytes Max(Bytes a, Bytes b) { return a > b ? a : b; }

template <const Program& kProgram, size_t kIndex>
[[gnu::always_inline]] inline void Apply(Bytes* wires) {
  constexpr Exchange kExchange = kProgram.network.exchanges[kIndex];
  const Bytes a = wires[kExchange.low], b = wires[kExchange.high];
  if constexpr (kExchange.needs_low) wires[kExchange.low] = Min(a, b);
  if constexpr (kExchange.needs_high) wires[kExchange.high] = Max(a, b);
}

template <const Program& kProgram, size_t... kIndices>
[[gnu::always_inline]] inline void ApplyEach(Bytes* wires, std::index_sequence<kIndices...>) {
  (Apply<kProgram, kIndices>(wires), ...);
}

template <const Program& kProgram>
[[gnu::always_inline]] inline void Run(Bytes* wires) {
  ApplyEach<kProgram>(wires, std::make_index_sequence<kProgram.network.count>());
}

template <size_t kCount>
[[gnu::always_inline]] inline void LoadEach(const uint8_t* from, size_t distance, Bytes* wires) {
  for (size_t i = 0; i < kCount; ++i) wires[i] = Load(from + i * distance);
}

// Sorts the columns of kCount lines.
template <size_t kCount>
void SortColumns(const uint8_t* lines, size_t stride, size_t bytes, uint8_t* sorted) {
  for (size_t at = 0; at < bytes; at += sizeof(Bytes)) {
    Bytes wires[kCount];
    LoadEach<kCount>(lines + at, stride, wires);
    Run<kSort<kCount>>(wires);
    for (size_t i = 0; i < kCount; ++i) Store(wires[kSort<kCount>.results.wire[i]], sorted + i * kMedianPlane + at);
  }
}

// Merges each group of columns (kCount elements) with the one that begins `distance` bytes further.
template <size_t kCount>
void MergeGroups(const uint8_t* groups, size_t distance, size_t bytes, uint8_t* merged) {
  for (size_t at = 0; at < bytes; at += sizeof(Bytes)) {
    Bytes wires[2 * kCount];
    LoadEach<kCount>(groups + at, kMedianPlane, wires);
    LoadEach<kCount>(groups + at + distance, kMedianPlane, wires + kCount);
    Run<kMerge<kCount>>(wires);
    for (size_t i = 0; i < 2 * kCount; ++i) Store(wires[kMerge<kCount>.results.wire[i]], merged + i * kMedianPlane + at);
  }
}

// The median of the core's middle elements and one more line of the window.
template <size_t kSize>
[[gnu::always_inline]] inline Bytes WithLine(const Bytes* core, const uint8_t* line) {
  Bytes wires[kSize];
  LoadEach<kSize>(line, kChannels, wires);
  Run<kSort<kSize>>(wires);
  // Of two ascending lists of kSize + 1 and kSize elements: the largest of the kSize + 1 smallest.
  Bytes median = core[kCore<kSize>.results.wire[0]];
  for (size_t i = 1; i <= kSize; ++i) {
    median = Max(median, Min(core[kCore<kSize>.results.wire[i]], wires[kSort<kSize>.results.wire[kSize - i]]));
  }
  return median;
}

// Loads the groups that make up the window from byte `at` on, widest first. groups[i] holds those of 2^i columns.
template <size_t kSize>
[[gnu::always_inline]] inline void LoadCore(const uint8_t* const* groups, size_t at, Bytes* wires) {
  size_t columns = 0;
  if constexpr (kSize >= 8) {
    LoadEach<8 * (kSize - 1)>(groups[3] + at, kMedianPlane, wires);
    columns = 8;
  }
  if constexpr ((kSize & 4) != 0) {
    LoadEach<4 * (kSize - 1)>(groups[2] + at + columns * kChannels, kMedianPlane, wires + columns * (kSize - 1));
    columns += 4;
  }
  if constexpr ((kSize & 2) != 0) {
    LoadEach<2 * (kSize - 1)>(groups[1] + at + columns * kChannels, kMedianPlane, wires + columns * (kSize - 1));
    columns += 2;
  }
  LoadEach<kSize - 1>(groups[0] + at + columns * kChannels, kMedianPlane, wires + columns * (kSize - 1));
}

template <size_t kSize>
void BlurLines(const uint8_t* window, size_t stride, size_t bytes, uint8_t* planes, uint8_t* upper, uint8_t* lower) {
  constexpr size_t kLines = kSize - 1;
  uint8_t* const groups[] = {planes, planes + kLines * kMedianPlane, planes + 3 * kLines * kMedianPlane,
                             planes + 7 * kLines * kMedianPlane};
  // Groups are made as far as windows reach that begin within `bytes`.
  const size_t reach = bytes + sizeof(Bytes) - 1 - (bytes - 1) % sizeof(Bytes);
  SortColumns<kLines>(window + stride, stride, reach + (kSize - 1) * kChannels, groups[0]);
  MergeGroups<kLines>(groups[0], kChannels, reach + (kSize - 2) * kChannels, groups[1]);
  if constexpr (kSize >= 4) MergeGroups<2 * kLines>(groups[1], 2 * kChannels, reach + (kSize - 4) * kChannels, groups[2]);
  if constexpr (kSize >= 8) MergeGroups<4 * kLines>(groups[2], 4 * kChannels, reach + (kSize - 8) * kChannels, groups[3]);
  for (size_t at = 0; at < bytes; at += sizeof(Bytes)) {
    Bytes wires[kSize * kLines];
    LoadCore<kSize>(groups, at, wires);
    Run<kCore<kSize>>(wires);
    Store(WithLine<kSize>(wires, window + at), upper + at);
    Store(WithLine<kSize>(wires, window + kSize * stride + at), lower + at);
  }
}
