using AfsLike.Venus.Servers;

namespace AfsLike.Simulation.Faults;

/// <summary>A ledger that takes each restart for a new mount.</summary>
internal sealed class BentLedger(IOperationLedger inner) : IOperationLedger
{
    private ushort _restarts;

    public (ushort Mount, ulong Next) Load()
    {
        var (mount, next) = inner.Load();
        return ((ushort)(mount + (1000 * ++_restarts)), next);
    }

    public void Save(ushort mount, ulong next) => inner.Save((ushort)(mount % 1000), next);
}
