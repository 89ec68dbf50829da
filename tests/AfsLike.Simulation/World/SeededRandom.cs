using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace AfsLike.Simulation.World;

/// <summary>
/// Chance that is the same in every process and every version of .NET: xoshiro256** (Blackman and Vigna 2018), filled by splitmix64. Whoever needs chance of
/// his own takes a <see cref="Fork"/>, so that one more draw here shifts nothing there.
/// </summary>
public sealed class SeededRandom : Random
{
    private readonly ulong _seed;
    private ulong _a;
    private ulong _b;
    private ulong _c;
    private ulong _d;

    public SeededRandom(ulong seed)
    {
        _seed = seed;
        (_a, _b, _c, _d) = (Mix(ref seed), Mix(ref seed), Mix(ref seed), Mix(ref seed));
    }

    /// <summary>Chance for a purpose of its own, decided by this one's seed and the purpose alone.</summary>
    public SeededRandom Fork(string purpose)
    {
        var hash = _seed ^ 0xCBF29CE484222325;
        foreach (var b in Encoding.UTF8.GetBytes(purpose))
        {
            hash = (hash ^ b) * 0x100000001B3; // FNV-1a
        }

        return new SeededRandom(hash);
    }

    public ulong NextBits()
    {
        var result = BitOperations.RotateLeft(_b * 5, 7) * 9;
        var shifted = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= shifted;
        _d = BitOperations.RotateLeft(_d, 45);
        return result;
    }

    /// <summary>True once in so many times.</summary>
    public bool OneIn(int times) => Below((uint)times) == 0;

    /// <summary>Evenly between two spans.</summary>
    public TimeSpan Between(TimeSpan least, TimeSpan most) => new(NextInt64(least.Ticks, most.Ticks + 1));

    /// <summary>A wait for something that comes once in <paramref name="mean"/> on the average and remembers nothing (exponential); at most ten times that.</summary>
    public TimeSpan Wait(TimeSpan mean) => mean * Math.Min(10, -Math.Log(1 - NextDouble()));

    public T Of<T>(IReadOnlyList<T> choices) => choices[Next(choices.Count)];

    public override int Next() => (int)Below(int.MaxValue);

    public override int Next(int maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxValue);
        return maxValue <= 1 ? 0 : (int)Below((uint)maxValue);
    }

    public override int Next(int minValue, int maxValue) => (int)NextInt64(minValue, maxValue);

    public override long NextInt64() => (long)(NextBits() >> 1);

    public override long NextInt64(long maxValue) => NextInt64(0, maxValue);

    public override long NextInt64(long minValue, long maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxValue, minValue);
        var range = (ulong)(maxValue - minValue);
        return range <= 1 ? minValue : minValue + (long)Math.BigMul(NextBits(), range, out _);
    }

    public override double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    public override float NextSingle() => (float)NextDouble();

    public override void NextBytes(byte[] buffer) => NextBytes(buffer.AsSpan());

    public override void NextBytes(Span<byte> buffer)
    {
        for (; buffer.Length >= 8; buffer = buffer[8..])
        {
            BinaryPrimitives.WriteUInt64LittleEndian(buffer, NextBits());
        }

        if (buffer.Length > 0)
        {
            Span<byte> rest = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(rest, NextBits());
            rest[..buffer.Length].CopyTo(buffer);
        }
    }

    protected override double Sample() => NextDouble();

    private uint Below(uint range) => (uint)(((NextBits() >> 32) * range) >> 32);

    private static ulong Mix(ref ulong state)
    {
        var z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
