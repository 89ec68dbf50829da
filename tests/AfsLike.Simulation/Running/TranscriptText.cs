using System.Globalization;
using AfsLike.Common.Wire;
using AfsLike.Simulation.World;

namespace AfsLike.Simulation.Running;

/// <summary>What happened, for people: one line for each message of the protocol and each line of a log.</summary>
internal static class TranscriptText
{
    private const int Longest = 260;

    public static IEnumerable<string> Lines(IEnumerable<Happening> happenings) => happenings.SelectMany(Lines);

    private static IEnumerable<string> Lines(Happening happening)
    {
        var at = string.Create(CultureInfo.InvariantCulture, $"{happening.At / 1e9,12:0.000000}");
        return (happening.Line ?? happening.Words?.Invoke()) is { } line
            ? [$"{at} {happening.From,4}    {line}"]
            : Batch.Parser.ParseFrom(happening.Message.Span).Messages.Select(message => $"{at} {happening.From,4} → {happening.To,-4} {Text(message)}");
    }

    private static string Text(Message message)
    {
        var text = message.ToString();
        return text.Length <= Longest ? text : string.Concat(text.AsSpan(0, Longest), "…");
    }
}
