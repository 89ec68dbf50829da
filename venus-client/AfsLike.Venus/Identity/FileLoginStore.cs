using System.Globalization;

namespace AfsLike.Venus.Identity;

/// <summary>A text file, one login a line: uid, gid, token in hex. Mode 0600, replaced by renaming.</summary>
public sealed class FileLoginStore(string path) : ILoginStore
{
    public IReadOnlyList<StoredLogin> Load() =>
        File.Exists(path) ? [.. File.ReadLines(path).Where(line => line.Length > 0).Select(Parse)] : [];

    public void Save(IReadOnlyList<StoredLogin> logins)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var writer = new StreamWriter(path + ".new", options))
        {
            foreach (var login in logins)
            {
                writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{login.Uid} {login.Gid} {Convert.ToHexString(login.Token.Span)}"));
            }
        }

        File.Move(path + ".new", path, overwrite: true);
    }

    private StoredLogin Parse(string line)
    {
        var words = line.Split(' ');
        return words.Length == 3
            ? new StoredLogin(
                uint.Parse(words[0], CultureInfo.InvariantCulture), uint.Parse(words[1], CultureInfo.InvariantCulture), Convert.FromHexString(words[2]))
            : throw new InvalidDataException($"{path} is damaged: remove it and log in again (afsx login)");
    }
}
