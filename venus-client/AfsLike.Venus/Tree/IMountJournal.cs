using AfsLike.Common.Model;

namespace AfsLike.Venus.Tree;

public enum JournalKind : byte
{
    None,
    Node,
    Opened,
    Closed,
}

/// <summary>
/// What a restarted daemon must know to go on under a living mount (promise F2): numbers given to nodes that do not tell their fid, and
/// the handles that are open. <see cref="Number"/> is the node's or the handle's.
/// </summary>
public readonly record struct JournalRecord(JournalKind Kind, ulong Number, Fid Fid, NodeId Node, OpenModes Modes, uint Uid, DataVersion Version);

/// <summary>Remembers for the life of one mount. Must survive the daemon's death, not the machine's: the mount does not either.</summary>
public interface IMountJournal
{
    /// <summary>What still holds: nodes, and handles opened and not closed. Empty for a new mount.</summary>
    IReadOnlyList<JournalRecord> Load();

    void Append(in JournalRecord record);
}

/// <summary>For front-ends whose kernel does not outlive them, and for tests.</summary>
public sealed class NoMountJournal : IMountJournal
{
    public IReadOnlyList<JournalRecord> Load() => [];

    public void Append(in JournalRecord record)
    {
    }
}
