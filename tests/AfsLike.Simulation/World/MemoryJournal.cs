using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.World;

/// <summary>The journal of one mount: it outlives daemons, and a new mount has a new one.</summary>
internal sealed class MemoryJournal : IMountJournal
{
    private readonly JournalState _state = new();

    public IReadOnlyList<JournalRecord> Load() => _state.All;

    public void Append(in JournalRecord record) => _state.Take(record);

    public void Append(IReadOnlyList<JournalRecord> records)
    {
        foreach (var record in records)
        {
            _state.Take(record);
        }
    }
}
