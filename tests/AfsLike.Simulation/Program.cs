using AfsLike.Simulation.Running;
using AfsLike.Simulation.Work;
using AfsLike.Simulation.World;

const int Broken = 1;
const int Misused = 2;

Func<Simulator, RunOptions, IHistory> history = static (simulator, options) => new CheckedRun(simulator, options);
try
{
    var line = CommandLine.Parse(args);
    return line.Run is { } run ? RunOne(run, line) : RunFresh(line);
}
catch (UsageException wrong)
{
    Console.Error.WriteLine($"sim: {wrong.Message}");
    Console.Error.WriteLine(CommandLine.Usage);
    return Misused;
}

int RunOne(RunOptions options, CommandLine line)
{
    Report.Begin(options, line.Commit);
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
    Fail(result, line, shrink: options.Faults is null);
    return Broken;
}

int RunFresh(CommandLine line)
{
    if (new Campaign(line, history).Run() is not { } failed)
    {
        return 0;
    }

    Fail(failed, line, shrink: true);
    return Broken;
}

void Fail(RunResult failed, CommandLine line, bool shrink)
{
    if (line.Lines is { } lines)
    {
        Report.Bad(failed, null, lines);
    }
    else
    {
        Report.Bad(failed, shrink ? Shrunk(failed) : null);
    }
}

RunResult? Shrunk(RunResult failed) =>
    new Shrinking(history, TimeSpan.FromMinutes(1)).Shrink(failed) is { } smaller && smaller != failed ? smaller : null;
