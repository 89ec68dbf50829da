using AfsLike.Common.Model;

namespace AfsLike.Simulation.Checks;

/// <summary>One change as the server committed it: what all order is measured by.</summary>
/// <param name="number">1 for the first.</param>
/// <param name="at">When it was handed to the store.</param>
internal sealed class Commit(long number, long at)
{
    public long Number { get; } = number;

    public long At { get; } = at;

    /// <summary>Null for changes the server made of its own accord.</summary>
    public OperationId? Operation { get; set; }

    public VolumeVersion Version { get; set; }

    /// <summary>When the call that asked for it had returned to its program; 0: it has not. From then on C1 binds everybody.</summary>
    public long Answered { get; set; }

    /// <summary>The disk has said that it is durable.</summary>
    public bool IsDurable { get; set; }

    /// <summary>The server died before that, and the disk has it not.</summary>
    public bool IsLost { get; set; }

    public override string ToString() =>
        $"change {Number} (volume version {Version}, {(Operation is { } asked ? $"operation {asked}" : "the server's own")}, at {At}, {(Answered > 0 ? $"answered at {Answered}" : "not answered")})";
}
