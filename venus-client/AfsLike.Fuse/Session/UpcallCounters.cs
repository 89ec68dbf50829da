using AfsLike.Fuse.Abi;

namespace AfsLike.Fuse.Session;

/// <summary>How often the kernel asked what. The bench shows that warm work asks nothing.</summary>
internal sealed class UpcallCounters
{
    private readonly long[] _counts = new long[64];

    public void Count(Opcode opcode) => Interlocked.Increment(ref _counts[(uint)opcode < 64 ? (int)opcode : 63]);

    /// <summary>Those above zero, by opcode.</summary>
    public IReadOnlyList<(string Opcode, long Count)> Snapshot()
    {
        var list = new List<(string, long)>();
        for (var i = 0; i < _counts.Length; i++)
        {
            var count = Interlocked.Read(ref _counts[i]);
            if (count > 0)
            {
                list.Add((((Opcode)i).ToString(), count));
            }
        }

        return list;
    }
}
