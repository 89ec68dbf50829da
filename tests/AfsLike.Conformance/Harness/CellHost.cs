using System.Diagnostics;
using System.Globalization;

namespace AfsLike.Conformance.Harness;

/// <summary>One host of a cell. uid 0 is the cell's administrator there, 1000 alice, 1001 bob.</summary>
public sealed record CellHost(Cell Cell, string Name)
{
    public const int Alice = 1000;
    public const int Bob = 1001;

    public Task<Outcome> ExecAsync(params string[] command) => ExecAsync(0, command);

    public Task<Outcome> ExecAsync(int uid, params string[] command) => ExecAsync(uid, Shell.Patience, command);

    public Task<Outcome> ExecAsync(int uid, TimeSpan patience, params string[] command) => Shell.RunAsync(Words(uid, command), patience);

    /// <summary>A script for sh, in <paramref name="directory"/>, that stops at its first error.</summary>
    public Task<Outcome> ScriptAsync(string directory, string script, int uid = 0, TimeSpan? patience = null) =>
        ExecAsync(uid, patience ?? Shell.Patience, "sh", "-euc", $"cd '{directory}'\n{script}");

    public Task<Outcome> ExecWithInputAsync(string input, params string[] command) => Shell.RunAsync(Words(0, command), input: input);

    /// <summary>The process becomes the command itself: signals sent to it reach the command.</summary>
    public Process Start(int uid, params string[] command) => Shell.Start(Words(uid, command));

    public Task CutAsync() => Cell.DoAsync("cut", Name);

    public Task HealAsync() => Cell.DoAsync("heal", Name);

    public Task FreezeAsync() => Cell.DoAsync("freeze", Name);

    public Task ThawAsync() => Cell.DoAsync("thaw", Name);

    public Task KillAsync(string part) => Cell.DoAsync("kill", Name, part);

    public Task StartPartAsync(string part) => Cell.DoAsync("start", Name, part);

    private string[] Words(int uid, string[] command) =>
        [Repository.Dev, "cell", "exec", Cell.Directory, Name, "--uid", uid.ToString(CultureInfo.InvariantCulture), "--", .. command];
}
