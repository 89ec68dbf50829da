using System.Text.Json;
using AfsLike.Conformance.Harness;

namespace AfsLike.Conformance;

/// <summary>`./dev cell` itself, as far as a server alone shows it.</summary>
public sealed class CellTests
{
    [Fact]
    public async Task A_server_host_stands_in_namespaces_of_its_own_and_dies_and_starts_again()
    {
        await using var cell = await Cell.UpAsync(clients: 0);
        var server = cell.Host("s1");

        Assert.Equal("s1", (await server.ExecAsync("hostname")).Ok().Line);
        Assert.Contains("10.77.0.11/24", (await server.ExecAsync("ip", "-brief", "address")).Ok().Output, StringComparison.Ordinal);
        Assert.Equal(7, (await server.ExecAsync("sh", "-c", "exit 7")).ExitCode);
        Assert.Equal("1000", (await server.ExecAsync(CellHost.Alice, "id", "-u")).Ok().Line);

        await server.KillAsync("vice-server");
        Assert.Null(PidOfServer(cell));
        await server.StartPartAsync("vice-server");
        Assert.NotNull(PidOfServer(cell));
    }

    [Fact]
    public async Task A_cell_that_is_up_is_not_made_twice()
    {
        await using var cell = await Cell.UpAsync(clients: 0);
        var twice = (await Shell.DevAsync("cell", "up", cell.Directory, "--clients", "0")).Refused(1);
        Assert.Contains("up already", twice.Error, StringComparison.Ordinal);
        Assert.NotNull(PidOfServer(cell));
    }

    [Fact]
    public async Task Ending_a_cell_leaves_no_process_and_keeps_its_data()
    {
        await using var cell = await Cell.UpAsync(clients: 0);
        var mark = $"AFSLIKE_HOST={cell.Directory}/s1";
        Assert.NotEmpty(ProcessesWith(mark));

        await cell.DoAsync("down");
        Assert.Empty(ProcessesWith(mark));
        Assert.True(File.Exists(Path.Combine(cell.Directory, "s1", "server", "server.json")));

        (await Shell.DevAsync("cell", "up", cell.Directory, "--clients", "0")).Ok();
        Assert.NotNull(PidOfServer(cell));
    }

    [Fact]
    public async Task A_daemon_lives_until_the_last_of_its_threads_has_ended()
    {
        var place = Directory.CreateTempSubdirectory("afs-").FullName;
        var source = Path.Combine(place, "dying.c");
        await File.WriteAllTextAsync(source, """
            #include <pthread.h>
            #include <unistd.h>
            static void *rest(void *none) { (void)none; char end; (void)!read(0, &end, 1); _exit(0); }
            int main(void) { pthread_t other; pthread_create(&other, 0, rest, 0); pthread_exit(0); }
            """, TestContext.Current.CancellationToken);
        (await Shell.RunAsync(["gcc", "-pthread", "-o", Path.Combine(place, "dying"), source])).Ok();
        (await Shell.RunAsync(["bash", "-euc", """
            cd "$2"
            . "$1/dev.d/daemons.sh"
            mkfifo end
            ./dying <end &
            exec 3>end
            remember_pid pid $!
            until [[ $(ps -o state= -p $!) == Z* ]]; do sleep 0.01; done
            [[ $(pid_in pid) == $! ]] || { echo "taken for dead while a thread of it lives" >&2; exit 1; }
            echo >&3
            await_end pid
            """, "bash", Repository.Root, place])).Ok();
        Directory.Delete(place, recursive: true);
    }

    [Theory]
    [InlineData("exec", "c9", "there is no host 'c9'")]
    [InlineData("cut", "c9", "there is no host 'c9'")]
    [InlineData("kill", "s1 butler", "'butler' is no part of host s1")]
    [InlineData("exec", "s1", "say what to run")]
    public async Task What_a_cell_does_not_have_is_named(string verb, string arguments, string expected)
    {
        await using var cell = await Cell.UpAsync(clients: 0);
        var refused = (await Shell.DevAsync(["cell", verb, cell.Directory, .. arguments.Split(' ')])).Refused(1);
        Assert.Contains(expected, refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_option_is_no_directory()
    {
        var refused = (await Shell.DevAsync("cell", "up", "--help")).Refused(1);
        Assert.Contains("'--help' is no directory", refused.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists("--help"));
    }

    [Fact]
    public async Task A_directory_that_holds_other_things_is_left_alone()
    {
        var directory = Repository.NewDirectory();
        await File.WriteAllTextAsync(Path.Combine(directory, "mine"), "mine");
        (await Shell.DevAsync("cell", "up", directory, "--clients", "0")).Refused(1);
        Assert.Equal("mine", await File.ReadAllTextAsync(Path.Combine(directory, "mine")));
        Directory.Delete(directory, recursive: true);
    }

    private static int? PidOfServer(Cell cell)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(cell.Directory, "cell.json")));
        var pid = document.RootElement.GetProperty("hosts")[0].GetProperty("daemons")[0].GetProperty("pid");
        return pid.ValueKind == JsonValueKind.Null ? null : pid.GetInt32();
    }

    private static List<string> ProcessesWith(string mark) => [.. Directory.GetDirectories("/proc").Where(process => Carries(process, mark))];

    private static bool Carries(string process, string mark)
    {
        try
        {
            return int.TryParse(Path.GetFileName(process), out _)
                && File.ReadAllText(Path.Combine(process, "environ")).Split('\0').Contains(mark);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
