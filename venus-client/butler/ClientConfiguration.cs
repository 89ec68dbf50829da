using System.Text.Json;
using AfsLike.Common.Model;

namespace AfsLike.ButlerDaemon;

/// <summary>What `client.json` says: the cell, this host's name in it, and the server's HOST:PORT.</summary>
internal sealed record ClientConfiguration(string Cell, string Host, string Server, string ServerName)
{
    /// <summary>Throws <see cref="AfsException"/> with what to do when the host has not joined a cell or the file is damaged.</summary>
    public static ClientConfiguration Load(string directory)
    {
        var path = Path.Combine(directory, "client.json");
        if (!File.Exists(path))
        {
            throw new AfsException(AfsError.NotFound, $"there is no {path}; this host has not joined a cell: run `afsx cell join TOKEN`");
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var root = document.RootElement;
            var server = Text(root, "server");
            return new ClientConfiguration(
                Text(root, "cell"), Text(root, "host"), server, Optional(root, "serverName") ?? server[..server.LastIndexOf(':')].Trim('[', ']'));
        }
        catch (Exception damaged) when (damaged is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            throw new AfsException(AfsError.Corrupted, $"{path} is damaged ({damaged.Message}); join the cell again: `afsx cell join TOKEN`", damaged);
        }
    }

    private static string Text(JsonElement root, string name) =>
        Optional(root, name) ?? throw new KeyNotFoundException($"it has no \"{name}\"");

    private static string? Optional(JsonElement root, string name)
    {
        foreach (var property in root.EnumerateObject())
        {
            if (property.NameEquals(name) || property.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return property.Value.GetString();
            }
        }

        return null;
    }
}
