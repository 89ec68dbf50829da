using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using AfsLike.Common.Model;

namespace AfsLike.Host.Certificates;

/// <summary>
/// The cell's own certificate authority (ECDSA P-256). Servers' certificates may authenticate servers and clients, machines'
/// only clients; the subject's common name is the host name, which is what the peer believes.
/// </summary>
public sealed class CertificateAuthority : IDisposable
{
    public const string CertificateFile = "ca.crt";
    public const string KeyFile = "ca.key";

    /// <summary>Certificates are good for this long; renewing them is enrolling again.</summary>
    public static readonly TimeSpan Validity = TimeSpan.FromDays(3650);

    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");

    private readonly X509Certificate2 _withKey;

    private CertificateAuthority(X509Certificate2 withKey)
    {
        _withKey = withKey;
        Certificate = X509CertificateLoader.LoadCertificate(withKey.RawData);
    }

    /// <summary>Without the private key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>SHA-256 of a certificate, in hex: what a join token pins.</summary>
    public static string Fingerprint(X509Certificate2 certificate) => Convert.ToHexStringLower(SHA256.HashData(certificate.RawData));

    public static CertificateAuthority Create(string cell, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(Name($"AfsLike cell {cell}"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return new CertificateAuthority(request.CreateSelfSigned(now.AddDays(-1), now + Validity));
    }

    public static CertificateAuthority Load(string directory) => new(X509Certificate2.CreateFromPemFile(
        Path.Combine(directory, CertificateFile), Path.Combine(directory, KeyFile)));

    public void Save(string directory)
    {
        SecretFiles.Write(Path.Combine(directory, CertificateFile), Certificate.ExportCertificatePem());
        using var key = _withKey.GetECDsaPrivateKey()!;
        SecretFiles.Write(Path.Combine(directory, KeyFile), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>A machine's certificate for the key in a PKCS#10 request. Throws InvalidArgument for a request that does not verify.</summary>
    public X509Certificate2 IssueToMachine(ReadOnlyMemory<byte> request, string host, DateTimeOffset now) =>
        Issue(LoadRequest(request), host, [ClientAuthentication], [], now);

    /// <summary>A server's certificate, good for the given names and addresses.</summary>
    public X509Certificate2 IssueToServer(ReadOnlyMemory<byte> request, string host, IEnumerable<string> alsoKnownAs, DateTimeOffset now) =>
        Issue(LoadRequest(request), host, [ServerAuthentication, ClientAuthentication], alsoKnownAs, now);

    public void Dispose()
    {
        _withKey.Dispose();
        Certificate.Dispose();
    }

    private X509Certificate2 Issue(CertificateRequest asked, string host, Oid[] usages, IEnumerable<string> alsoKnownAs, DateTimeOffset now)
    {
        var request = new CertificateRequest(Name(host), asked.PublicKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. usages], true));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(Certificate, true, false));
        var names = new SubjectAlternativeNameBuilder();
        foreach (var name in alsoKnownAs.Prepend(host).Distinct())
        {
            if (IPAddress.TryParse(name, out var address))
            {
                names.AddIpAddress(address);
            }
            else
            {
                names.AddDnsName(name);
            }
        }

        request.CertificateExtensions.Add(names.Build());
        var end = now + Validity;
        return request.Create(_withKey, now.AddDays(-1), end < _withKey.NotAfter ? end : _withKey.NotAfter, RandomNumberGenerator.GetBytes(16));
    }

    private static CertificateRequest LoadRequest(ReadOnlyMemory<byte> request)
    {
        try
        {
            return CertificateRequest.LoadSigningRequest(request.ToArray(), HashAlgorithmName.SHA256);
        }
        catch (CryptographicException malformed)
        {
            throw new AfsException(AfsError.InvalidArgument, "the certificate request does not verify", malformed);
        }
    }

    private static X500DistinguishedName Name(string commonName)
    {
        var builder = new X500DistinguishedNameBuilder();
        builder.AddCommonName(commonName);
        return builder.Build();
    }
}
