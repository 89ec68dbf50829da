namespace AfsLike.Simulation.World;

/// <summary>Another daemon of a client host, beside its venus-client.</summary>
public interface IHostDaemon
{
    /// <summary>Null before the first start.</summary>
    SimulatedProcess? Process { get; }

    void Start();

    void Kill();
}
