using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace AfsLike.Afsx.Output;

/// <summary>JSON written field by field: no reflection, so native compilation loses nothing.</summary>
internal static class Json
{
    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Array<T>(IEnumerable<T> items, Action<Utf8JsonWriter, T> fields) => Write(json =>
    {
        json.WriteStartArray();
        foreach (var item in items)
        {
            json.WriteStartObject();
            fields(json, item);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    public static string Object<T>(T item, Action<Utf8JsonWriter, T> fields) => Write(json =>
    {
        json.WriteStartObject();
        fields(json, item);
        json.WriteEndObject();
    });

    private static string Write(Action<Utf8JsonWriter> content)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, Options))
        {
            content(json);
        }

        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length) + "\n";
    }
}
