using System.Globalization;
using System.Text.Json;

namespace AfsLike.Afsx.Output;

/// <summary>One cell of a listing: what people read, and what JSON says.</summary>
internal readonly struct Value
{
    private readonly Action<Utf8JsonWriter> _write;

    private Value(string text, Action<Utf8JsonWriter> write, bool isNumber = false)
    {
        Text = text;
        _write = write;
        IsNumber = isNumber;
    }

    public string Text { get; }

    /// <summary>Set flush right.</summary>
    public bool IsNumber { get; }

    public static Value Of(string text) => new(text, json => json.WriteStringValue(text));

    public static Value Of(long number) => new(number.ToString(CultureInfo.InvariantCulture), json => json.WriteNumberValue(number), true);

    public static Value Of(bool yes) => new(yes ? "yes" : "no", json => json.WriteBooleanValue(yes));

    public static Value Of(long? number) => number is { } n ? Of(n) : Nothing;

    public static Value Of(IReadOnlyList<string> list) => new(string.Join(' ', list), json =>
    {
        json.WriteStartArray();
        foreach (var item in list)
        {
            json.WriteStringValue(item);
        }

        json.WriteEndArray();
    });

    /// <summary>Nanoseconds since 1970, shown to the second, UTC; 0 is no time.</summary>
    public static Value Time(long nanoseconds) => nanoseconds == 0 ? Nothing : Time(DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / 100));

    public static Value Time(DateTimeOffset time)
    {
        var text = time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return new Value(text, json => json.WriteStringValue(text));
    }

    /// <summary>Bytes, for people in binary units.</summary>
    public static Value Bytes(long bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        var amount = (double)bytes;
        var unit = 0;
        while (amount >= 1024 && unit < units.Length - 1)
        {
            amount /= 1024;
            unit++;
        }

        var text = unit == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{bytes} B")
            : string.Create(CultureInfo.InvariantCulture, $"{amount:0.0} {units[unit]}");
        return new Value(text, json => json.WriteNumberValue(bytes), true);
    }

    public static Value Nothing => new("-", static json => json.WriteNullValue());

    public void Write(Utf8JsonWriter json) => _write(json);
}
