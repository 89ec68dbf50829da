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
    private readonly SortedDictionary<(Fid, ulong, bool), List<JournalRecord>> _locks = [];

    public int Count => _nodes.Count + _handles.Count + _refreshing.Count + _unchanged.Count + _lost.Count + _locks.Count;

    public IReadOnlyList<JournalRecord> All => [.. _nodes.Values, .. _handles.Values, .. _refreshing.Values, .. _unchanged.Values, .. _lost.Values, .. _locks.Values.SelectMany(static locks => locks)];

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
            case JournalKind.Refreshing:
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
        }
    }

    private static (Fid, ulong, bool) KeyOf(in JournalRecord record) => (record.Fid, record.Number, JournaledLock.IsWholeFile(record));
}
