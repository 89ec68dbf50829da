using System.Globalization;

namespace AfsLike.Benchmarks.Report;

/// <summary>How figures are written: three places are all that a run on such a machine can tell.</summary>
internal static class Figures
{
    /// <summary>Empty when there is none.</summary>
    public static string Text(double? value) => value is { } figure
        ? figure.ToString(figure >= 100 ? "#,0" : figure >= 10 ? "0.0" : figure is >= 1 or 0 ? "0.00" : "0.000", CultureInfo.InvariantCulture)
        : "";

    /// <summary>From <paramref name="before"/> to <paramref name="after"/> in percent; empty when one is missing, or the first is nothing.</summary>
    public static string Change(double? before, double? after) => before is { } a and not 0 && after is { } b
        ? string.Create(CultureInfo.InvariantCulture, $"{(b - a) / a * 100:+0.0;-0.0;0.0} %")
        : "";
}
