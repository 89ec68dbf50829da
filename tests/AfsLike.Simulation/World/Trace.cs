using System.IO.Hashing;
using System.Numerics;
using System.Text;

namespace AfsLike.Simulation.World;

/// <summary>
/// A running hash over everything that happens: two runs with the same hash were the same run. Each step costs a multiplication or two; bytes are hashed with
/// XXH3 first. Beside it the last happenings are kept as they are, and put into words only when somebody asks (<see cref="Transcript"/>).
/// </summary>
public sealed class Trace
{
    private ulong _hash = 0x9E3779B97F4A7C15;

    public ulong Hash => _hash;

    public Transcript Transcript { get; } = new();

    public void Add(ulong value) => _hash = (BitOperations.RotateLeft(_hash, 23) ^ value) * 0x9FB21C651E98DF25;

    public void Add(ReadOnlySpan<byte> bytes) => Add(XxHash3.HashToUInt64(bytes));

    /// <summary>A message that has arrived.</summary>
    internal void Message(long now, Machine from, Machine to, ReadOnlyMemory<byte> bytes)
    {
        Add(((ulong)from.Number << 32) | (uint)to.Number);
        Add(bytes.Span);
        Transcript.Add(new Happening(now, from.Name, to.Name, null, bytes));
    }

    /// <summary>A line of a daemon's log, or of whoever disturbs the cell.</summary>
    public void Log(long now, Machine? machine, string line)
    {
        Add(Encoding.UTF8.GetBytes(line));
        Transcript.Add(new Happening(now, machine?.Name ?? "", "", line, default));
    }

    /// <summary>A line for the transcript alone; what it says is in the hash already.</summary>
    public void Note(long now, Machine? machine, Func<string> words) => Transcript.Add(new Happening(now, machine?.Name ?? "", "", null, default) { Words = words });

    internal void Step(long now, int process) => Add((ulong)now ^ ((ulong)process << 48));
}
