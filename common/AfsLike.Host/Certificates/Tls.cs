using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace AfsLike.Host.Certificates;

/// <summary>TLS 1.3, both sides authenticated by certificates of the cell's own authority and by nothing else (promise S1).</summary>
public static class Tls
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>For a client: who we are, and that the server's certificate is the cell's, for servers, and for <paramref name="serverName"/>.</summary>
    public static SslClientAuthenticationOptions ForClient(MachineIdentity identity, string serverName) => new()
    {
        TargetHost = serverName,
        EnabledSslProtocols = SslProtocols.Tls13,
        ClientCertificateContext = SslStreamCertificateContext.Create(identity.Certificate, null, offline: true),
        CertificateChainPolicy = Policy(identity.Authority, ServerAuthentication),
    };

    /// <summary>
    /// For a machine that has no certificate yet. It knows the authority by the fingerprint in its join token: it asks the server for
    /// the authority's certificate (GET /authority, over <see cref="ForAnyone"/>), compares, and then speaks only to who that vouches for.
    /// </summary>
    public static SslClientAuthenticationOptions ForEnrolment(X509Certificate2 authority, string serverName) => new()
    {
        TargetHost = serverName,
        EnabledSslProtocols = SslProtocols.Tls13,
        CertificateChainPolicy = Policy(authority, ServerAuthentication),
    };

    /// <summary>Believes nobody: only for fetching what is checked by its fingerprint afterwards.</summary>
    public static SslClientAuthenticationOptions ForAnyone(string serverName) => new()
    {
        TargetHost = serverName,
        EnabledSslProtocols = SslProtocols.Tls13,
#pragma warning disable CA5359 // what comes over this connection is public and is compared with a fingerprint that came another way
        RemoteCertificateValidationCallback = static (_, _, _, _) => true,
#pragma warning restore CA5359
    };

    /// <summary>What a server accepts as a client's certificate.</summary>
    public static bool IsClientOfCell(X509Certificate2 certificate, X509Certificate2 authority) =>
        IsIssuedBy(certificate, authority, ClientAuthentication);

    /// <summary>Chain rules: this authority alone, that use, no revocation lists (a machine is shut out by taking it off the cell's list).</summary>
    public static X509ChainPolicy Policy(X509Certificate2 authority, string usage)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.Add(authority);
        policy.ApplicationPolicy.Add(new Oid(usage));
        return policy;
    }

    private static bool IsIssuedBy(X509Certificate2 certificate, X509Certificate2 authority, string usage)
    {
        using var chain = new X509Chain { ChainPolicy = Policy(authority, usage) };
        return chain.Build(certificate);
    }
}
