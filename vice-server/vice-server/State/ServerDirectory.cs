using System.Security.Cryptography;
using System.Text.Json;
using AfsLike.Common.Model;
using AfsLike.Host.Certificates;
using AfsLike.Host.Clock;
using AfsLike.Host.Transport;
using AfsLike.Vice.Admin;
using AfsLike.Vice.Login;

namespace AfsLike.ViceServer.State;

/// <summary>
/// What is in a server's state directory (mode 0700):
/// <code>
/// server.json            written last by init: with it the directory is a server's
/// ca.crt ca.key          the cell's authority
/// machine.crt .key       this server's own certificate
/// token.key              signs users' tokens (ECDSA P-256, PKCS#8 PEM)
/// invite.key             signs join tokens (32 bytes, hex)
/// store/ chunks/         volumes and the cell database
/// </code>
/// </summary>
internal sealed class ServerDirectory(string path)
{
    private const string ConfigurationFile = "server.json";
    private const string TokenKeyFile = "token.key";
    private const string InviteKeyFile = "invite.key";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public string Path { get; } = System.IO.Path.GetFullPath(path);

    public string Store => At("store");

    public string Chunks => At("chunks");

    public bool IsInitialized => File.Exists(At(ConfigurationFile));

    /// <summary>Throws <see cref="AfsException"/> NotFound or Corrupted.</summary>
    public ServerConfiguration LoadConfiguration()
    {
        if (!IsInitialized)
        {
            throw new AfsException(AfsError.NotFound, $"{Path} holds no server; make one with: vice-server init --dir {Path} ...");
        }

        try
        {
            return JsonSerializer.Deserialize<ServerConfiguration>(File.ReadAllText(At(ConfigurationFile)), Json)
                ?? throw new JsonException("it is empty");
        }
        catch (JsonException malformed)
        {
            throw new AfsException(AfsError.Corrupted, $"{At(ConfigurationFile)} cannot be read: {malformed.Message}", malformed);
        }
    }

    public void SaveConfiguration(ServerConfiguration configuration) =>
        SecretFiles.Write(At(ConfigurationFile), JsonSerializer.Serialize(configuration, Json) + "\n");

    /// <summary>Makes the directory, the authority, the server's certificate and the keys.</summary>
    public void CreateKeys(ServerConfiguration configuration, DateTimeOffset now)
    {
        Directory.CreateDirectory(Path);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        using var authority = CertificateAuthority.Create(configuration.Cell, now);
        authority.Save(Path);
        var (key, request) = MachineIdentity.CreateRequest(configuration.Host);
        using (key)
        {
            using var certificate = authority.IssueToServer(request, configuration.Host, NamesOf(configuration), now);
            MachineIdentity.Save(Path, key, certificate, authority.Certificate);
        }

        using var token = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        SecretFiles.Write(At(TokenKeyFile), token.ExportPkcs8PrivateKeyPem());
        SecretFiles.Write(At(InviteKeyFile), Convert.ToHexString(RandomNumberGenerator.GetBytes(InviteKey.KeySize)));
    }

    public CertificateAuthority LoadAuthority() => Loaded("the authority", () => CertificateAuthority.Load(Path));

    public MachineIdentity LoadIdentity() => Loaded("the server's certificate", () => MachineIdentity.Load(Path));

    public TokenKey LoadTokenKey() => Loaded("the token key", () =>
    {
        var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(At(TokenKeyFile)));
        return new TokenKey(key);
    });

    public InviteDesk LoadInvites(ServerConfiguration configuration)
    {
        var key = Loaded("the key of invitations", () => new InviteKey(Convert.FromHexString(File.ReadAllText(At(InviteKeyFile)).Trim())));
        using var authority = LoadAuthority();
        var fingerprint = CertificateAuthority.Fingerprint(authority.Certificate);
        return new InviteDesk(
            configuration.Cell, configuration.Advertise, fingerprint, key, RandomNumberGenerator.Fill, BootTimeProvider.Instance);
    }

    public string At(string name) => System.IO.Path.Combine(Path, name);

    private static IEnumerable<string> NamesOf(ServerConfiguration configuration) =>
        new[] { configuration.Advertise, configuration.Listen }
            .Select(address => HostPort.Parse(address).Host)
            .Where(host => host is not ("0.0.0.0" or "::"))
            .Append("localhost").Append("127.0.0.1");

    private T Loaded<T>(string what, Func<T> load)
    {
        try
        {
            return load();
        }
        catch (Exception failure) when (failure is CryptographicException or FormatException or ArgumentException or FileNotFoundException)
        {
            throw new AfsException(AfsError.Corrupted, $"{what} in {Path} cannot be read: {failure.Message}", failure);
        }
    }
}
