using System.Text.Json;

namespace AfsLike.Benchmarks.Report;

/// <summary>The figures of one run as `--json` writes them and `--compare` reads them.</summary>
/// <param name="Form">Always <see cref="ThisForm"/>: by this word a file is known to be one.</param>
/// <param name="Commit">What was measured, as git names it; empty when nobody knows.</param>
/// <param name="Began">When, as ISO 8601 in UTC.</param>
/// <param name="Machine">Kernel and number of processors.</param>
/// <param name="Absent">Peers and sections that were to be measured and could not be, with the reason.</param>
internal sealed record BenchFile(
    string Form, string Commit, string Began, string Machine, IReadOnlyList<Row> Rows, IReadOnlyDictionary<string, string> Absent)
{
    public const string ThisForm = "afslike-bench/1";

    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true,
    };

    public string ToJson() => JsonSerializer.Serialize(this, Readable);

    /// <summary>Throws <see cref="UsageException"/> when there is no such file, or it is something else.</summary>
    public static BenchFile Read(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new UsageException(File.Exists(path) || Directory.Exists(path) ? $"{path} cannot be read" : $"there is no file {path}");
        }

        try
        {
            if (JsonSerializer.Deserialize<BenchFile>(text, Readable) is { Form: ThisForm } file && file.Rows.All(static row => row is { What: not null }))
            {
                return file;
            }
        }
        catch (JsonException)
        {
            // said below
        }

        throw new UsageException($"{path} is not of the form that ./dev bench --json writes ({ThisForm})");
    }
}
