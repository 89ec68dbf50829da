using AfsLike.Venus.Servers;

namespace AfsLike.Simulation.World;

/// <summary>The ledger on a client's disk.</summary>
internal sealed class MemoryLedger : IOperationLedger
{
    private (ushort Mount, ulong Next) _saved = (0, 1);

    public (ushort Mount, ulong Next) Load() => _saved;

    public void Save(ushort mount, ulong next) => _saved = (mount, next);
}
