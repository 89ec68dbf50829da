using System.Globalization;
using System.Text;
using System.Text.Json;

namespace AfsLike.Butler.Jobs;

/// <summary>What a job was asked to be: the contents of `spec/job.json`, and of the notes a butler keeps for itself.</summary>
public sealed record JobDescription
{
    public required string Job { get; init; }

    public required string Home { get; init; }

    public required string Host { get; init; }

    public required string User { get; init; }

    /// <summary>Of the caller, on the home host.</summary>
    public required uint Uid { get; init; }

    /// <summary>Below the namespace's root.</summary>
    public required string Directory { get; init; }

    public required DateTimeOffset Created { get; init; }

    /// <summary>For reading: bytes that are not UTF-8 are replaced. `spec/argv` has them exactly.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    public byte[] Encode()
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("job", Job);
            json.WriteString("home", Home);
            json.WriteString("host", Host);
            json.WriteString("user", User);
            json.WriteNumber("uid", Uid);
            json.WriteString("directory", Directory);
            json.WriteString("created", Created.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            json.WriteStartArray("arguments");
            foreach (var argument in Arguments)
            {
                json.WriteStringValue(argument);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        bytes.WriteByte((byte)'\n');
        return bytes.ToArray();
    }

    /// <summary>Null when it is not (yet) such a file.</summary>
    public static JobDescription? Decode(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            var root = document.RootElement;
            return new JobDescription
            {
                Job = Text(root, "job"),
                Home = Text(root, "home"),
                Host = Text(root, "host"),
                User = Text(root, "user"),
                Uid = root.GetProperty("uid").GetUInt32(),
                Directory = Text(root, "directory"),
                Created = DateTimeOffset.Parse(Text(root, "created"), CultureInfo.InvariantCulture),
                Arguments = [.. root.GetProperty("arguments").EnumerateArray().Select(static a => a.GetString() ?? "")],
            };
        }
        catch (Exception malformed) when (malformed is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    public static string Readable(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    private static string Text(JsonElement root, string name) => root.GetProperty(name).GetString() ?? "";
}
