using AfsLike.Common.Model;

namespace AfsLike.Common.Sessions;

/// <summary>What a client says about the vnodes of a break.</summary>
/// <param name="OpenHere">They have lost their last name and are open at the client.</param>
/// <param name="GivenUp">Their promises were kept, and the client holds nothing under them any more.</param>
public sealed record BreakAnswer(IReadOnlyList<Fid> OpenHere, IReadOnlyList<Fid> GivenUp)
{
    public static readonly BreakAnswer None = new([], []);
}
