using System.Text.Json;
using System.Text.Json.Nodes;
using AfsLike.Common.Model;
using AfsLike.Host.Certificates;

namespace AfsLike.Host.Client;

/// <summary>
/// What a client host keeps of its cell: <c>client.json</c>, <c>credentials/</c>, <c>cache/</c>, and in <c>run/</c> the sockets of its daemons.
/// Root's alone, but for the sockets of venus-client and butler, where the kernel tells who calls.
/// </summary>
public sealed class ClientDirectory(string path)
{
    public const string Default = "/var/lib/afslike/client";

    public string Path { get; } = System.IO.Path.GetFullPath(path);

    public string Cache => In("cache");

    public string Run => In("run");

    public string VenusSocket => In("run", "venus.sock");

    public string SupervisorSocket => In("run", "supervisor.sock");

    /// <summary>Who is logged in with what.</summary>
    public string Logins => In("logins");

    /// <summary>See FileOperationLedger.</summary>
    public string Operations => In("operations");

    /// <summary>See FileMountJournal.</summary>
    public string MountJournal => In("mount.journal");

    private string Configuration => In("client.json");

    private string Credentials => In("credentials");

    /// <summary>The directory given, else $AFSX_DIR, else <see cref="Default"/>.</summary>
    public static ClientDirectory Find(string? given) => new(given ?? Environment.GetEnvironmentVariable("AFSX_DIR") ?? Default);

    /// <summary>Throws <see cref="AfsException"/> with what to do when the host has not joined a cell or the file is damaged.</summary>
    public ClientConfiguration LoadConfiguration()
    {
        if (!File.Exists(Configuration))
        {
            throw new AfsException(AfsError.NotFound, $"there is no {Configuration}: this host has not joined a cell; join one with: afsx cell join TOKEN");
        }

        try
        {
            var json = JsonNode.Parse(File.ReadAllBytes(Configuration))!;
            return new ClientConfiguration(
                (string)json["cell"]!, (string)json["host"]!, (string)json["server"]!, (ulong)json["instance"]!, (long?)json["cacheBytes"]);
        }
        catch (Exception damaged) when (damaged is JsonException or InvalidOperationException or NullReferenceException or FormatException)
        {
            throw new AfsException(AfsError.Corrupted, $"{Configuration} is damaged ({damaged.Message}); join the cell again: afsx cell join TOKEN", damaged);
        }
    }

    /// <summary>False before this host has joined a cell.</summary>
    public bool HasJoined => File.Exists(Configuration);

    public MachineIdentity LoadIdentity() => MachineIdentity.Load(Credentials);

    /// <summary>The configuration comes last: a join that was interrupted is none, and can be repeated.</summary>
    public void Save(ClientConfiguration configuration, Action<string> saveCredentials)
    {
        const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        foreach (var directory in (string[])[Credentials, Cache])
        {
            Make(directory, Private);
        }

        saveCredentials(Credentials);
        var json = new JsonObject
        {
            ["cell"] = configuration.Cell,
            ["host"] = configuration.Host,
            ["server"] = configuration.Server,
            ["instance"] = configuration.Instance,
        };
        File.WriteAllText(Configuration + ".new", json.ToJsonString() + "\n");
        File.Move(Configuration + ".new", Configuration, overwrite: true);
    }

    /// <summary>The directory of the sockets, open to all.</summary>
    public void MakeRun() => Make(
        Run,
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);

    private static void Make(string directory, UnixFileMode mode)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(directory, mode);
        }
    }

    private string In(params ReadOnlySpan<string> names) => System.IO.Path.Combine([Path, .. names]);
}

/// <summary>What <c>client.json</c> says.</summary>
/// <param name="Server">HOST:PORT of the cell's server.</param>
/// <param name="Instance">This client's name for itself at the server, new with a new cache.</param>
/// <param name="CacheBytes">Budget of the cache; null: the default.</param>
public sealed record ClientConfiguration(string Cell, string Host, string Server, ulong Instance, long? CacheBytes)
{
    /// <summary>What the server's certificate must be for.</summary>
    public string ServerName => Server[..Server.LastIndexOf(':')].Trim('[', ']');
}
