// The loop of a PhiloxKernel, included where `Lanes` is defined: kCount 64-bit numbers in a register, of which multiplication looks at the
// lower halves only, so that nothing clears the upper ones between the rounds. No include guard: each kernel has its own copy.

void FillBlocks(PhiloxBlock counter, std::array<uint32_t, 2> key, size_t turns, uint32_t* numbers) {
  constexpr uint64_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  constexpr int kRounds = 10;
  const Lanes multiplier0 = Lanes::All(kMultiplier0), multiplier1 = Lanes::All(kMultiplier1);
  Lanes key0[kRounds], key1[kRounds];
  for (uint32_t round = 0; round < kRounds; ++round) {
    key0[round] = Lanes::All(key[0] + round * kWeyl0);
    key1[round] = Lanes::All(key[1] + round * kWeyl1);
  }
  for (size_t turn = 0; turn < turns; ++turn, numbers += 4 * Lanes::kCount) {
    Lanes c0 = Lanes::All(counter[0]) + Lanes::BlockNumbers();
    Lanes c1 = Lanes::All(counter[1]), c2 = Lanes::All(counter[2]), c3 = Lanes::All(counter[3]);
    for (int round = 0; round < kRounds; ++round) {
      const Lanes product0 = multiplier0 * c0, product1 = multiplier1 * c2;
      c0 = product1.UpperHalves() ^ c1 ^ key0[round];
      c1 = product1;
      c2 = product0.UpperHalves() ^ c3 ^ key1[round];
      c3 = product0;
    }
    Lanes::StoreBlocks(Lanes::PackHalves(c0, c1), Lanes::PackHalves(c2, c3), numbers);
    counter[0] += static_cast<uint32_t>(Lanes::kCount);
  }
}
