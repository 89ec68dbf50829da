using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Vice.Login;

namespace AfsLike.Vice.Admin;

/// <summary>Makes whole join tokens: everything a machine needs to find this cell's server, to know it, and to be let in.</summary>
/// <param name="address">HOST:PORT as machines reach it.</param>
/// <param name="fingerprint">SHA-256 of the CA's certificate, in hex.</param>
public sealed class InviteDesk(string cell, string address, string fingerprint, InviteKey key, FillRandom random, TimeProvider time)
{
    /// <summary>Throws <see cref="Common.Model.AfsException"/> InvalidArgument for an impossible validity.</summary>
    /// <param name="host">For this host alone, which the cell may know already; null: for any that it does not know.</param>
    public (string Token, long Expires) Make(TimeSpan validity, string? host = null)
    {
        var (secret, expires) = key.Make(validity, time.Nanoseconds(), random, host);
        return (new JoinToken(cell, address, fingerprint, secret).ToString(), expires);
    }

    /// <summary>
    /// Throws <see cref="AfsException"/> AccessDenied for a false or run-out secret, and Exists for a name that the cell knows, unless the secret was made for it: who has a host's name has its tickets, its
    /// jobs, and the trust of posix volumes.
    /// </summary>
    public void Check(string host, string secret, HostTable hosts)
    {
        if (!key.IsFor(host, secret, time.Nanoseconds()) && hosts.Knows(host))
        {
            throw new AfsException(AfsError.Exists, $"the cell has a host '{host}' already; choose another name, or ask for a token for this one: vice-server invite --host {host}");
        }
    }
}
