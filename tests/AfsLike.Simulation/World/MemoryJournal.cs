using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.World;

/// <summary>The journal of one mount: it outlives daemons, and a new mount has a new one.</summary>
internal sealed class MemoryJournal : IMountJournal
{
    private readonly SortedDictionary<ulong, JournalRecord> _nodes = [];
    private readonly SortedDictionary<ulong, JournalRecord> _handles = [];

    public IReadOnlyList<JournalRecord> Load() => [.. _nodes.Values, .. _handles.Values];

    public void Append(in JournalRecord record)
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
        }
    }
}
