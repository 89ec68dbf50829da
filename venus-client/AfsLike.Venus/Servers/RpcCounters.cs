using System.Collections.Frozen;
using AfsLike.Common.Wire;

namespace AfsLike.Venus.Servers;

/// <summary>How many calls of each kind were made since the start: what "warm" is proved by. Named <c>rpc.lookup</c>, <c>rpc.set_status</c>, …</summary>
public sealed class RpcCounters
{
    private static readonly FrozenDictionary<Request.CallOneofCase, string> Names = Enum.GetValues<Request.CallOneofCase>().ToFrozenDictionary(static call => call, NameOf);

    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);

    public long Total { get; private set; }

    public void Add(Request.CallOneofCase call)
    {
        var name = Names[call];
        _counts[name] = _counts.GetValueOrDefault(name) + 1;
        Total++;
    }

    public IReadOnlyList<KeyValuePair<string, long>> Snapshot() => [.. _counts];

    private static string NameOf(Request.CallOneofCase call)
    {
        var name = new System.Text.StringBuilder("rpc");
        foreach (var letter in call.ToString())
        {
            name.Append(char.IsUpper(letter) ? (name.Length == 3 ? "." : "_") : "").Append(char.ToLowerInvariant(letter));
        }

        return name.ToString();
    }
}
