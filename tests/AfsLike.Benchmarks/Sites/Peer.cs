namespace AfsLike.Benchmarks.Sites;

/// <param name="Name">As its column is headed.</param>
/// <param name="Script">In Peers/, without .sh; dev.d/bench.sh installs what the scripts ask for.</param>
/// <param name="IsShared">Whether several hosts share it by themselves.</param>
internal sealed record Peer(string Name, string Script, bool IsShared)
{
    /// <summary>In the order of their columns.</summary>
    public static readonly IReadOnlyList<Peer> All =
    [
        new("bindfs", "bindfs", false),
        new("sshfs", "sshfs", true),
        new("MooseFS", "moosefs", true),
        new("OpenAFS", "openafs", true),
    ];
}
