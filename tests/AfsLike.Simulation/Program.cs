using AfsLike.Simulation.Running;
using AfsLike.Simulation.Work;
using AfsLike.Simulation.World;

const int Broken = 1;
const int Misused = 2;

Func<Simulator, RunOptions, IHistory> history = static (simulator, options) => new CheckedRun(simulator, options);
try
{
    var line = CommandLine.Parse(args);
    return line.Run is { } run ? RunOne(run, line.Commit) : RunFresh(line);
}
catch (UsageException wrong)
{
    Console.Error.WriteLine($"sim: {wrong.Message}");
    Console.Error.WriteLine(CommandLine.Usage);
    return Misused;
}

int RunOne(RunOptions options, string commit)
{
    Report.Begin(options, commit);
    var run = new OneRun(options, history);
    using var watchdog = new Watchdog(run);
    var began = Environment.CpuUsage.TotalTime;
    var result = run.Run();
    if (result.Failure is null)
    {
        Report.Good(result, Environment.CpuUsage.TotalTime - began);
        return 0;
    }

    watchdog.Dispose();
    Report.Bad(result, options.Faults is null ? Shrunk(result) : null);
    return Broken;
}

int RunFresh(CommandLine line)
{
    if (new Campaign(line, history).Run() is not { } failed)
    {
        return 0;
    }

    Report.Bad(failed, Shrunk(failed));
    return Broken;
}

RunResult? Shrunk(RunResult failed) =>
    new Shrinking(history, TimeSpan.FromMinutes(1)).Shrink(failed) is { } smaller && smaller != failed ? smaller : null;
