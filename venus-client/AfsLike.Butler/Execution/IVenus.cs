using AfsLike.Common.Wire;

namespace AfsLike.Butler.Execution;

/// <summary>
/// What the Butler asks of its own host's venus-client, as root. Failures are <see cref="Common.Model.AfsException"/> with one
/// clear line.
/// </summary>
public interface IVenus
{
    Task<VenusStatus> StatusAsync();

    /// <summary>The token a uid is logged in with; its bytes are empty when it has none.</summary>
    Task<TokenReply> GetTokenAsync(uint uid);

    /// <summary>Logs a uid in.</summary>
    Task PutTokenAsync(uint uid, ReadOnlyMemory<byte> token);
}
