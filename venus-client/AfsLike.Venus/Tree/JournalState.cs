using AfsLike.Common.Model;

namespace AfsLike.Venus.Tree;

/// <summary>What still holds of the records of a journal.</summary>
public sealed class JournalState
{
    private readonly SortedDictionary<ulong, JournalRecord> _nodes = [];
    private readonly SortedDictionary<ulong, JournalRecord> _handles = [];
    private readonly SortedDictionary<ulong, JournalRecord> _refreshing = [];
    private readonly SortedDictionary<ulong, JournalRecord> _unchanged = [];
    private readonly SortedDictionary<Fid, JournalRecord> _lost = [];
    private readonly SortedDictionary<ulong, JournalRecord> _shared = [];
    private readonly SortedDictionary<(Fid, ulong, bool), List<JournalRecord>> _locks = [];

    public int Count => _nodes.Count + _handles.Count + _refreshing.Count + _unchanged.Count + _lost.Count + _shared.Count + _locks.Count;

    public IReadOnlyList<JournalRecord> All => [.. _nodes.Values, .. _handles.Values, .. _refreshing.Values, .. _unchanged.Values, .. _lost.Values, .. _shared.Values, .. _locks.Values.SelectMany(static locks => locks)];

    public void Take(in JournalRecord record)
    {
        switch (record.Kind)
        {
            case JournalKind.Node:
                _nodes[record.Number] = record;
                break;
            case JournalKind.Opened:
                _handles[record.Number] = record;
                break;
            case JournalKind.Closed:
                _handles.Remove(record.Number);
                break;
            case JournalKind.Unlocked:
                _locks.Remove(KeyOf(record));
                break;
            case JournalKind.Locked:
                if (!_locks.TryGetValue(KeyOf(record), out var locks))
                {
                    _locks.Add(KeyOf(record), locks = []);
                }

                locks.Add(record);
                break;
            case JournalKind.Refreshing or JournalKind.Merging:
                _refreshing[record.Number] = record;
                break;
            case JournalKind.Refreshed:
                _refreshing.Remove(record.Number);
                break;
            case JournalKind.Unchanged:
                _unchanged[record.Number] = record;
                break;
            case JournalKind.Settled:
                _unchanged.Remove(record.Number);
                break;
            case JournalKind.Lost:
                _lost[record.Fid] = record;
                break;
            case JournalKind.Found:
                _lost.Remove(record.Fid);
                break;
            case JournalKind.Shared:
                _shared[record.Number] = record;
                break;
            case JournalKind.Unshared:
                _shared.Remove(record.Number);
                break;
        }
    }

    private static (Fid, ulong, bool) KeyOf(in JournalRecord record) => (record.Fid, record.Number, JournaledLock.IsWholeFile(record));
}
