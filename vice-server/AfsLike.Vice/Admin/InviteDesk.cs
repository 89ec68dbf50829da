using AfsLike.Common.Wire;
using AfsLike.Vice.Login;

namespace AfsLike.Vice.Admin;

/// <summary>Makes whole join tokens: everything a machine needs to find this cell's server, to know it, and to be let in.</summary>
/// <param name="address">HOST:PORT as machines reach it.</param>
/// <param name="fingerprint">SHA-256 of the CA's certificate, in hex.</param>
public sealed class InviteDesk(string cell, string address, string fingerprint, InviteKey key, FillRandom random, TimeProvider time)
{
    /// <summary>Throws <see cref="Common.Model.AfsException"/> InvalidArgument for an impossible validity.</summary>
    public (string Token, long Expires) Make(TimeSpan validity)
    {
        var (secret, expires) = key.Make(validity, time.Nanoseconds(), random);
        return (new JoinToken(cell, address, fingerprint, secret).ToString(), expires);
    }

    /// <summary>Throws <see cref="Common.Model.AfsException"/> AccessDenied for a false or run-out secret.</summary>
    public void Check(string secret) => key.Check(secret, time.Nanoseconds());
}
