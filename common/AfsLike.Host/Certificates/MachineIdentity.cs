using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace AfsLike.Host.Certificates;

/// <summary>What a machine proves itself with: its key and certificate, and the authority it believes.</summary>
public sealed class MachineIdentity : IDisposable
{
    public const string CertificateFile = "machine.crt";
    public const string KeyFile = "machine.key";

    public MachineIdentity(X509Certificate2 certificate, X509Certificate2 authority)
    {
        // Through PKCS#12, or the TLS stack may not find the key on every platform.
        Certificate = X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
        Authority = authority;
    }

    /// <summary>With the private key.</summary>
    public X509Certificate2 Certificate { get; }

    public X509Certificate2 Authority { get; }

    public string Host => HostOf(Certificate);

    /// <summary>The host name a certificate of the cell speaks for.</summary>
    public static string HostOf(X509Certificate2 certificate) => certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);

    /// <summary>A fresh key and the PKCS#10 request (DER) for it.</summary>
    public static (ECDsa Key, byte[] Request) CreateRequest(string host)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var builder = new X500DistinguishedNameBuilder();
        builder.AddCommonName(host);
        return (key, new CertificateRequest(builder.Build(), key, HashAlgorithmName.SHA256).CreateSigningRequest());
    }

    /// <summary>Writes key, certificate and authority into <paramref name="directory"/> as PEM, readable by the owner only.</summary>
    public static void Save(string directory, ECDsa key, X509Certificate2 certificate, X509Certificate2 authority)
    {
        Directory.CreateDirectory(directory);
        SecretFiles.Write(Path.Combine(directory, KeyFile), key.ExportPkcs8PrivateKeyPem());
        SecretFiles.Write(Path.Combine(directory, CertificateFile), certificate.ExportCertificatePem());
        SecretFiles.Write(Path.Combine(directory, CertificateAuthority.CertificateFile), authority.ExportCertificatePem());
    }

    public static MachineIdentity Load(string directory)
    {
        using var certificate = X509Certificate2.CreateFromPemFile(Path.Combine(directory, CertificateFile), Path.Combine(directory, KeyFile));
        return new MachineIdentity(
            certificate, X509Certificate2.CreateFromPem(File.ReadAllText(Path.Combine(directory, CertificateAuthority.CertificateFile))));
    }

    public void Dispose()
    {
        Certificate.Dispose();
        Authority.Dispose();
    }
}
