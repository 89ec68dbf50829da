using System.Text;
using AfsLike.Butler.Jobs;

namespace AfsLike.Butler.Execution;

/// <summary>Where the launcher stopped. Crosses a pipe by number.</summary>
public enum LaunchStage
{
    None = 0,
    Plan = 1,
    Mount = 2,
    Credentials = 3,
    Directory = 4,
    Execute = 5,
}

/// <summary>Why a command was not started: the stage and errno the launcher told, and what they mean to people.</summary>
public sealed record LaunchFailure(LaunchStage Stage, int Errno)
{
    /// <summary>125, 126 or 127.</summary>
    public uint Code => Stage switch
    {
        LaunchStage.Execute when Errno is Posix.NoEntry or Posix.NotDirectory => ExitCode.NotFound,
        LaunchStage.Execute => ExitCode.NotExecutable,
        _ => ExitCode.NotRun,
    };

    /// <summary>One line, for the caller at home.</summary>
    public string Explain(string host, LaunchPlan plan)
    {
        var command = Encoding.UTF8.GetString(plan.Arguments[0].Span);
        var directory = Encoding.UTF8.GetString(plan.Directory.Span);
        return Stage switch
        {
            LaunchStage.Execute when Code == ExitCode.NotFound => $"{command}: no such command on {host}",
            LaunchStage.Execute when Errno == Posix.NoExec => $"{command}: {host} cannot execute this kind of file",
            LaunchStage.Execute => $"{command}: cannot be executed on {host}: {Posix.Message(Errno)}",
            LaunchStage.Directory when Errno == Posix.NoEntry => $"the directory {plan.Mount}/{directory} does not exist on {host}",
            LaunchStage.Directory => $"the directory {plan.Mount}/{directory} cannot be entered on {host}: {Posix.Message(Errno)}",
            LaunchStage.Mount => $"the namespace is not mounted on {plan.Mount} of {host}: {Posix.Message(Errno)}",
            LaunchStage.Credentials =>
                $"the butler of {host} cannot start jobs under the user's own uid ({Posix.Message(Errno)}); it must run as root",
            _ => $"the launcher of {host} failed at {Stage}: {Posix.Message(Errno)}",
        };
    }
}
