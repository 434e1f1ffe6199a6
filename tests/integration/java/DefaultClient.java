import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Calls a server as a Java program does that sets nothing: each line of the output is a name, the status and the body. */
class DefaultClient {
    private static final String CALL =
        "{\"flowName\":\"ExchangeRate\",\"object\":{\"RequestBO\":{\"requestData\":\"USD\"}}}";

    private static HttpRequest.Builder post(String server, String token, BodyPublisher body) {
        return HttpRequest.newBuilder(URI.create(server + "/MicroflowRest/DoAction"))
            .header("Content-Type", "application/json").header("Authorization", "Bearer " + token).POST(body);
    }

    private static void tell(String name, HttpResponse<String> reply) {
        System.out.println(name + "\t" + reply.statusCode() + "\t" + reply.body().strip());
    }

    public static void main(String[] words) throws Exception {
        String server = words[0], token = words[1];
        HttpClient client = HttpClient.newHttpClient();
        for (int call = 0; call < 3; call++)
            tell("quick", client.send(post(server, token, BodyPublishers.ofString(CALL)).build(), BodyHandlers.ofString()));

        HttpRequest ordinary = post(server, token, BodyPublishers.ofString(CALL)).header("Origin", "https://a.example").build();
        tell("ordinary", client.send(ordinary, BodyHandlers.ofString()));

        byte[] large = ("{\"padding\":\"" + "x".repeat(1_000_000) + "\"," + CALL.substring(1)).getBytes(StandardCharsets.UTF_8);
        tell("large", client.send(post(server, token, BodyPublishers.ofByteArray(large)).build(), BodyHandlers.ofString()));

        BodyPublisher chunks = BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(large));
        tell("chunks", client.send(post(server, token, chunks).build(), BodyHandlers.ofString()));

        HttpRequest asking = post(server, token, BodyPublishers.ofString(CALL)).expectContinue(true).build();
        tell("asking", client.send(asking, BodyHandlers.ofString()));

        tell("get", client.send(HttpRequest.newBuilder(URI.create(server + "/livez")).build(), BodyHandlers.ofString()));

        List<CompletableFuture<HttpResponse<String>>> together = new ArrayList<>();
        for (int call = 0; call < 20; call++)
            together.add(client.sendAsync(post(server, token, BodyPublishers.ofString(CALL)).build(), BodyHandlers.ofString()));
        for (CompletableFuture<HttpResponse<String>> reply : together) tell("together", reply.join());
    }
}
