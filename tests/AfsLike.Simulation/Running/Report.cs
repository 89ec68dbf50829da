using System.Globalization;
using AfsLike.Simulation.World;

namespace AfsLike.Simulation.Running;

/// <summary>What a run says at its end.</summary>
internal static class Report
{
    private const int LinesOfTranscript = 80;

    public static void Begin(RunOptions options, string commit) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {options.Seed} commit {commit}"));

    public static void Good(RunResult result, TimeSpan took)
    {
        Console.WriteLine(Summary(result, took));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"trace {result.Hash:x16}"));
    }

    /// <summary>One line, the same for the same seed and code.</summary>
    public static void Trace(RunResult result) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {result.Options.Seed} trace {result.Hash:x16}"));

    public static string Summary(RunResult result, TimeSpan took) => string.Create(
        CultureInfo.InvariantCulture,
        $"{result.Operations} operations ({result.Compared} of them when all was quiet), {result.Steps} steps, {result.Simulated.TotalSeconds:0.0} s simulated in {took.TotalSeconds:0.00} s, "
        + $"{result.Operations / Math.Max(took.TotalSeconds, 1e-9):0} operations/s of one processor");

    /// <summary>The promise broken, what led there, and how to see it again.</summary>
    /// <param name="shrunk">A smaller run that breaks the same promise, when one was found: its transcript is the one to read.</param>
    public static void Bad(RunResult result, RunResult? shrunk, int lines = LinesOfTranscript)
    {
        Console.WriteLine("what led there, the last messages and lines:");
        foreach (var line in TranscriptText.Lines((shrunk ?? result).Transcript.Last(lines)).TakeLast(lines))
        {
            Console.WriteLine(line);
        }

        if (shrunk is not null)
        {
            Console.WriteLine($"shrunk: {Cause(shrunk)}");
            Console.WriteLine($"shrunk: {shrunk.Options.Command()}");
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"BROKEN after {result.Operations} operations, {result.Simulated.TotalSeconds:0.000} s simulated: {Cause(result)}"));
        Console.WriteLine($"again: {result.Options.Command()}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"trace {result.Hash:x16}"));
    }

    private static string Cause(RunResult result) => result.Failure is PromiseBrokenException broken ? broken.Message : result.Failure!.ToString();
}
