using System.Text;
using AfsLike.Common.Model;

namespace AfsLike.Common.Wire;

/// <summary>
/// What `vice-server invite` prints and `afsx cell join` takes: <c>afsjoin1.</c> and the base64url of four lines (UTF-8, joined by \n).
/// </summary>
/// <param name="Cell">Name of the cell.</param>
/// <param name="Address">HOST:PORT of its server.</param>
/// <param name="Fingerprint">SHA-256 of the CA's certificate (DER), 64 lower-case hex digits.</param>
/// <param name="Secret">For EnrolRequest.</param>
public sealed record JoinToken(string Cell, string Address, string Fingerprint, string Secret)
{
    private const string Prefix = "afsjoin1.";

    /// <summary>Throws <see cref="AfsException"/> InvalidArgument for anything else than a whole join token.</summary>
    public static JoinToken Parse(string text)
    {
        try
        {
            if (text.StartsWith(Prefix, StringComparison.Ordinal))
            {
                var body = text[Prefix.Length..].Replace('-', '+').Replace('_', '/');
                var lines = Encoding.UTF8.GetString(Convert.FromBase64String(body.PadRight((body.Length + 3) / 4 * 4, '='))).Split('\n');
                if (lines is [{ Length: > 0 }, { Length: > 0 }, { Length: 64 }, { Length: > 0 }])
                {
                    return new JoinToken(lines[0], lines[1], lines[2], lines[3]);
                }
            }
        }
        catch (FormatException)
        {
            // Said below.
        }

        throw new AfsException(AfsError.InvalidArgument, "this is not a whole join token; vice-server invite prints one");
    }

    public override string ToString()
    {
        var lines = Encoding.UTF8.GetBytes(string.Join('\n', Cell, Address, Fingerprint, Secret));
        return Prefix + Convert.ToBase64String(lines).TrimEnd('=').Replace('+', '-').Replace('/', '_');
    }
}
