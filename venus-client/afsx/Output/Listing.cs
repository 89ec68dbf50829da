using System.CommandLine;
using System.Text;
using System.Text.Json;

namespace AfsLike.Afsx.Output;

/// <summary>A column: its heading and JSON name, and its cell for an item.</summary>
internal sealed record Column<T>(string Name, Func<T, Value> Cell);

/// <summary>Many of a kind: a table with a heading, or with --json an array of objects. One writer for all of afsx.</summary>
internal sealed class Listing<T>(params Column<T>[] columns)
{
    public int Write(ParseResult parsed, IEnumerable<T> items)
    {
        StandardOutput.Write(Render(items, parsed.GetValue(CommandLine.Json)));
        return 0;
    }

    public string Render(IEnumerable<T> items, bool json) => json ? Json.Array(items, Fields) : Table(items);

    /// <summary>One item: "name: value" lines, or with --json one object.</summary>
    public int WriteOne(ParseResult parsed, T item)
    {
        StandardOutput.Write(RenderOne(item, parsed.GetValue(CommandLine.Json)));
        return 0;
    }

    public string RenderOne(T item, bool json)
    {
        if (json)
        {
            return Json.Object(item, Fields);
        }

        var width = columns.Max(static c => c.Name.Length);
        var text = new StringBuilder();
        foreach (var column in columns)
        {
            text.Append(column.Name.PadRight(width)).Append("  ").Append(column.Cell(item).Text).Append('\n');
        }

        return text.ToString();
    }

    private string Table(IEnumerable<T> items)
    {
        var rows = items.Select(item => columns.Select(column => column.Cell(item)).ToArray()).ToArray();
        var widths = columns.Select((column, i) => rows.Select(row => row[i].Text.Length).Append(column.Name.Length).Max()).ToArray();
        var text = new StringBuilder();
        Line(text, i => columns[i].Name.ToUpperInvariant(), i => rows.Length > 0 && rows.All(row => row[i].IsNumber), widths);
        foreach (var row in rows)
        {
            Line(text, i => row[i].Text, i => row[i].IsNumber, widths);
        }

        return text.ToString();
    }

    private static void Line(StringBuilder text, Func<int, string> cell, Func<int, bool> right, int[] widths)
    {
        var line = string.Join("  ", widths.Select((width, i) => right(i) ? cell(i).PadLeft(width) : cell(i).PadRight(width)));
        text.Append(line.TrimEnd()).Append('\n');
    }

    private void Fields(Utf8JsonWriter json, T item)
    {
        foreach (var column in columns)
        {
            json.WritePropertyName(column.Name);
            column.Cell(item).Write(json);
        }
    }
}
