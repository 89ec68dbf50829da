using AfsLike.Common.Model;

namespace AfsLike.Venus.Tree;

/// <summary>A lock as the journal has it: owner in Number, start in Node, end in Version, pid in Uid, and its kind in Modes.</summary>
internal static class JournaledLock
{
    private const OpenModes Exclusive = (OpenModes)1;
    private const OpenModes WholeFile = (OpenModes)2;

    public static bool IsWholeFile(in JournalRecord record) => record.Modes.HasFlag(WholeFile);

    public static JournalRecord None(Fid fid, LocalOwner owner) =>
        new(JournalKind.Unlocked, owner.Number, fid, NodeId.None, ModesOf(owner, false), 0, default);

    public static JournalRecord Of(Fid fid, LocalOwner owner, uint pid, in LockRange range) =>
        new(JournalKind.Locked, owner.Number, fid, new NodeId(range.Start), ModesOf(owner, range.Exclusive), pid, new DataVersion(range.End));

    public static (Fid Fid, LocalOwner Owner, uint Pid, LockRange Range) Read(in JournalRecord record) => (
        record.Fid, new LocalOwner(record.Number, IsWholeFile(record)), record.Uid,
        new LockRange(record.Modes.HasFlag(Exclusive), record.Node.Value, record.Version.Value));

    private static OpenModes ModesOf(LocalOwner owner, bool exclusive) =>
        (exclusive ? Exclusive : OpenModes.None) | (owner.WholeFile ? WholeFile : OpenModes.None);
}
