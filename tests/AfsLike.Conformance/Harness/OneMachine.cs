using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using AfsLike.Host.Certificates;

namespace AfsLike.Conformance.Harness;

/// <summary>A cell of one machine, made by `./dev up`: its server can be reached from the tests' own process.</summary>
public sealed class OneMachine : IAsyncLifetime
{
    public string Directory { get; } = Repository.NewDirectory();

    public string Port { get; } = FreePort().ToString(CultureInfo.InvariantCulture);

    public string Address => $"127.0.0.1:{Port}";

    /// <summary>A machine of the cell that nobody else uses.</summary>
    public MachineIdentity Stranger { get; private set; } = null!;

    public string Scratch => $"{Directory}/afs/dev/scratch";

    public string ServerLog => File.ReadAllText($"{Directory}/log/vice-server.log");

    public async ValueTask InitializeAsync()
    {
        (await Shell.DevAsync("up", "--dir", Directory, "--port", Port)).Ok();
        Stranger = await EnrolAsync("stranger");
    }

    public async ValueTask DisposeAsync()
    {
        Stranger?.Dispose();
        (await Shell.DevAsync("down", "--dir", Directory)).Ok();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    public async Task<string> InviteAsync() =>
        (await Shell.RunAsync([Path.Combine(Repository.Bin, "vice-server"), "invite", "--dir", $"{Directory}/server"])).Ok().Line;

    /// <summary>GET over a connection with those TLS options: status and body.</summary>
    public async Task<(HttpStatusCode Status, string Body)> GetAsync(SslClientAuthenticationOptions tls, string path)
    {
        using var client = new HttpClient(new SocketsHttpHandler { SslOptions = tls, UseProxy = false });
        using var answer = await client.GetAsync(new Uri($"https://{Address}{path}"));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>One of the server's counters (GET /status); 0 before it has counted anything.</summary>
    public async Task<long> CounterAsync(string name)
    {
        var (_, report) = await GetAsync(Tls.ForClient(Stranger, "127.0.0.1"), "/status");
        var line = report.Split('\n').FirstOrDefault(line => line.StartsWith(name + " ", StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line[(name.Length + 1)..], CultureInfo.InvariantCulture);
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task<MachineIdentity> EnrolAsync(string host)
    {
        var place = $"{Directory}/{host}";
        (await Shell.RunAsync([Path.Combine(Repository.Bin, "venus-client"), "join", await InviteAsync(), "--dir", place, "--host", host])).Ok();
        var inner = Path.Combine(place, "credentials");
        return MachineIdentity.Load(System.IO.Directory.Exists(inner) ? inner : place);
    }
}
