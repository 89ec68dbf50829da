using System.Net;
using System.Net.Sockets;
using AfsLike.Conformance.Harness;

namespace AfsLike.Conformance;

/// <summary>`./dev up`, as a new user types it, and in every way it can go wrong.</summary>
public sealed class UpTests : IDisposable
{
    private readonly string _directory = Repository.NewDirectory();
    private readonly string _port = OneMachine.FreePort().ToString(System.Globalization.CultureInfo.InvariantCulture);

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Up_ends_with_a_mounted_drive_says_where_and_again_does_no_harm_and_down_keeps_the_data()
    {
        var up = (await UpAsync()).Ok();
        try
        {
            var scratch = $"{_directory}/afs/dev/scratch";
            Assert.Contains(scratch, up.Output, StringComparison.Ordinal);
            Assert.Contains("./dev down", up.Output, StringComparison.Ordinal);
            await File.WriteAllTextAsync($"{scratch}/kept", "kept");
            Assert.Contains("up already", (await UpAsync()).Refused(1).Error, StringComparison.Ordinal);
            Assert.Equal("kept", await File.ReadAllTextAsync($"{scratch}/kept"));

            (await Shell.DevAsync("down", "--dir", _directory)).Ok();
            Assert.False(Directory.Exists($"{_directory}/afs/dev"));
            (await UpAsync()).Ok();
            Assert.Equal("kept", await File.ReadAllTextAsync($"{scratch}/kept"));
        }
        finally
        {
            (await Shell.DevAsync("down", "--dir", _directory)).Ok();
        }
    }

    [Fact]
    public async Task A_taken_port_is_named_and_nothing_is_left()
    {
        using var other = new TcpListener(IPAddress.Loopback, int.Parse(_port, System.Globalization.CultureInfo.InvariantCulture));
        other.Start();
        var refused = (await UpAsync()).Refused(1);
        Assert.Contains($"port {_port} is taken", refused.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_directory));
    }

    [Fact]
    public async Task Without_dev_fuse_it_says_how_to_get_it()
    {
        var script = $"""
            mkdir '{_directory}/dev' && mount -t tmpfs dev '{_directory}/dev' && cd '{_directory}/dev'
            mknod null c 1 3; mknod zero c 1 5; mknod urandom c 1 9; chmod 666 *; mount --move . /dev
            exec '{Repository.Dev}' up --dir '{_directory}/cell' --port {_port}
            """;
        var refused = (await Shell.RunAsync(["unshare", "--mount", "sh", "-c", script])).Refused(1);
        Assert.Contains("modprobe fuse", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_root_it_says_what_to_type()
    {
        var copy = $"{_directory}/clone";
        (await Shell.RunAsync(["sh", "-c", $"chmod 755 '{_directory}'; mkdir '{copy}'; cp -r '{Repository.Dev}' '{Repository.Dev}.d' '{copy}'"])).Ok();
        var refused = (await Shell.RunAsync(["setpriv", "--reuid", "4711", "--regid", "4711", "--clear-groups", $"{copy}/dev", "up"])).Refused(1);
        Assert.Contains("sudo ./dev up", refused.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("down", "--dir", "/var/tmp/no-such-cell")]
    [InlineData("up", "--port", "99999")]
    [InlineData("up", "--dir")]
    [InlineData("no-such-command")]
    [InlineData("cell", "status", "/var/tmp/no-such-cell")]
    public async Task What_makes_no_sense_is_one_line_and_exit_code_1(params string[] arguments) =>
        (await Shell.DevAsync(arguments)).Refused(1);

    private Task<Outcome> UpAsync() => Shell.DevAsync("up", "--dir", _directory, "--port", _port);
}
